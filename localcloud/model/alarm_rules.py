"""The rule of a composite alarm: its grammar and its value.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html, AlarmRule: ALARM, OK and
INSUFFICIENT_DATA of a name or ARN, TRUE, FALSE, AND, OR, NOT and parentheses. AND binds tighter than OR, NOT tightest.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from localcloud.model.alarm_states import AlarmState

_TOKEN = re.compile(r'\s*(?:(?P<state>ALARM|OK|INSUFFICIENT_DATA)\s*\(\s*(?:"(?P<quoted>[^"]+)"|(?P<bare>[^\s()"]+))\s*\)'
                    r"|(?P<word>AND|OR|NOT|TRUE|FALSE)\b|(?P<parenthesis>[()]))")  # fmt: skip
_CONSTANTS = {"TRUE": True, "FALSE": False}
_MAXIMUM_CHARACTERS = 10_240


class MalformedRule(ValueError):  # noqa: N818  what it is
    """A rule that CloudWatch would refuse; the message says where."""


@dataclass(frozen=True, slots=True)
class _Claim:
    alarm: str
    state: AlarmState


_Token = str | _Claim


def alarms_of_rule(rule: str) -> set[str]:
    """Return the names of the alarms that a rule looks at.

    Raises:
        MalformedRule: it is none.
    """
    return {token.alarm for token in _tokens(rule) if isinstance(token, _Claim)}


def rule_holds(rule: str, states: Mapping[str, AlarmState]) -> bool:
    """Return whether a rule is true; an alarm that does not exist is in no state.

    Raises:
        MalformedRule: it is none.
    """
    parser = _Parser(_tokens(rule), states)
    value = parser.either()
    if parser.tokens:
        raise MalformedRule(f"unexpected {_shown(parser.tokens[0])}")
    return value


def _tokens(rule: str) -> list[_Token]:
    if not 1 <= len(rule) <= _MAXIMUM_CHARACTERS:
        raise MalformedRule(f"{len(rule)} characters; 1 to {_MAXIMUM_CHARACTERS} are allowed")
    found: list[_Token] = []
    position = 0
    while rule[position:].strip():
        match = _TOKEN.match(rule, position)
        if match is None:
            raise MalformedRule(f"cannot read {rule[position:].strip()[:40]!r}")
        position = match.end()
        if match["state"]:
            name = match["quoted"] or match["bare"]
            found.append(_Claim(name.rpartition(":alarm:")[2], AlarmState(match["state"])))
        else:
            found.append(match["word"] or match["parenthesis"])
    return found


def _shown(token: _Token) -> str:
    return token if isinstance(token, str) else f"{token.state.value}({token.alarm})"


@dataclass(slots=True)
class _Parser:
    """Recursive descent, one method a level of binding; each takes its tokens from the front."""

    tokens: list[_Token]
    states: Mapping[str, AlarmState]

    def either(self) -> bool:
        value = self.both()
        while self._take("OR"):
            value = self.both() or value
        return value

    def both(self) -> bool:
        value = self.one()
        while self._take("AND"):
            value = self.one() and value
        return value

    def one(self) -> bool:
        if self._take("NOT"):
            return not self.one()
        if self._take("("):
            value = self.either()
            if not self._take(")"):
                raise MalformedRule("a parenthesis is not closed")
            return value
        found = self.tokens.pop(0) if self.tokens else "the end"
        if isinstance(found, _Claim):
            return self.states.get(found.alarm) is found.state
        if found in _CONSTANTS:
            return _CONSTANTS[found]
        raise MalformedRule(f"unexpected {found}")

    def _take(self, word: str) -> bool:
        if self.tokens and self.tokens[0] == word:
            self.tokens.pop(0)
            return True
        return False
