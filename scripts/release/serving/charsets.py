"""In which charset a text is: UTF-8 when its bytes are, else what it says itself."""

from __future__ import annotations

import codecs
import re

UTF8 = "utf-8"
UNKNOWN = ""
"""Not UTF-8, and it does not say what: a browser guesses better than we do."""
SNIFFED_BYTES = 1024
"""A page says its charset within these: https://html.spec.whatwg.org/multipage/semantics.html#charset"""

_MARKS = {codecs.BOM_UTF8: UTF8, codecs.BOM_UTF16_LE: "utf-16le", codecs.BOM_UTF16_BE: "utf-16be"}
_DECLARED = re.compile(
    rb"""<meta[^>]+charset\s*=\s*["']?\s*([A-Za-z0-9_.:-]+)|^@charset "([A-Za-z0-9_.:-]+)";"""
    rb"""|^<\?xml[^>]+encoding\s*=\s*["']([A-Za-z0-9_.:-]+)""",
    re.IGNORECASE,
)


_Decoder = codecs.getincrementaldecoder(UTF8)


class CharsetReader:
    """Reads a text part by part, so that a large one is never held."""

    def __init__(self) -> None:
        self._decoder = _Decoder("strict")
        self._is_utf8 = True
        self._start = b""

    def read(self, part: bytes) -> None:
        """Takes the next bytes."""
        if len(self._start) < SNIFFED_BYTES:
            self._start += part[: SNIFFED_BYTES - len(self._start)]
        if self._is_utf8:
            self._is_utf8 = self._decodes(part)

    def charset(self) -> str:
        """Returns the charset of what was read, in lower case; UNKNOWN when neither its bytes nor its words tell."""
        mark = next((name for start, name in _MARKS.items() if self._start.startswith(start)), None)
        if mark is not None:
            return mark
        if self._is_utf8 and self._decodes(b"", final=True):
            return UTF8
        found = _DECLARED.search(self._start)
        said = next((name for name in found.groups() if name), b"").decode("ascii").lower() if found else UNKNOWN
        return UNKNOWN if said in (UTF8, "utf8") else said

    def _decodes(self, part: bytes, *, final: bool = False) -> bool:
        try:
            self._decoder.decode(part, final)
        except UnicodeDecodeError:
            return False
        return True
