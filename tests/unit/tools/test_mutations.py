"""The mutants of a module: each says one thing differently, and nothing that decides nothing is changed."""

import ast

from tools.mutants.mutations import mutants

SOURCE = '''
"""Says 1."""
LIMIT: int = 3


def is_small(value: int, *, strict: bool = True) -> bool:
    """Whether it is below 3."""
    if not strict:
        raise ValueError(f"{value} < {1 + 1}")
    return value < LIMIT and value + 1 != 0
'''


def test_every_mutant_differs_from_the_module_in_one_place() -> None:
    found = mutants(SOURCE)
    assert {mutant.name for mutant in found} >= {
        "value < LIMIT -> value <= LIMIT",
        "3 -> 4 in LIMIT: int = 3",
        "True -> False in def is_small(value: int, *, strict: bool=True) -> bool:",
        "not strict -> strict",
    }
    assert all(ast.dump(mutant.tree) != ast.dump(ast.parse(SOURCE)) for mutant in found)
    assert len({ast.dump(mutant.tree) for mutant in found}) == len(found)


def test_texts_and_annotations_stay() -> None:
    assert not any("1 + 1" in mutant.before for mutant in mutants(SOURCE))
    assert all("int" in ast.unparse(mutant.tree) for mutant in mutants(SOURCE))
