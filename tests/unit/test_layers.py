"""Who may import whom: constructs know no command and no emulator, commands no construct, the emulator neither."""

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FORBIDDEN = {
    "constructs_lib": {"scripts", "localcloud", "boto3", "moto"},
    "scripts": {"constructs_lib", "localcloud", "cdktf", "cdktf_cdktf_provider_aws", "moto"},
    "localcloud": {"constructs_lib", "scripts", "cdktf", "cdktf_cdktf_provider_aws"},
    # What all three compute with.
    "aws_facts": {
        "constructs_lib",
        "scripts",
        "localcloud",
        "boto3",
        "cdktf",
        "cdktf_cdktf_provider_aws",
        "moto",
        "numpy",
    },
}
# The Lambda's own code: it ships alone and may use what its runtime has.
SHIPPED = ROOT / "constructs_lib" / "functions"


# The direction between the rooms of a package: a room may import those of the lines below its own, and no other.
ROOMS = {
    "scripts": (
        ("cli",),
        ("commands", "demo"),  # the demo is a verb that runs others
        ("prove", "rehearse", "replay", "review", "rollout"),
        ("onboarding",),
        ("report", "lint", "cost", "load", "site_build", "chaos"),
        ("simulate",),
        ("regions",),
        ("drill", "status"),
        ("exits",),
        ("release",),
        ("release.serving",),
        ("local",),
        ("terraform",),
        ("aws", "probe", "processes"),
        ("clock", "errors", "files"),
    ),
    "constructs_lib": (
        ("website",),
        ("stacks",),
        ("access", "extensions", "parity"),
        ("monitoring",),
        ("endpoint",),
        ("names",),
        ("content", "edge"),
        ("access_policies", "checkov_skips", "lint_waivers", "outputs", "providers", "residency", "state_backend"),
        ("output_contract", "policies"),
        ("bindings", "naming"),
        ("site_file",),
        ("errors", "jsii_folders"),
    ),
}
# `demo` runs verbs and is one.
BOTH_WAYS = {("demo", "commands"), ("commands", "demo")}
NOT_A_ROOM = {"functions"}
PACKAGES = ("aws_facts", "scripts", "constructs_lib", "localcloud", "tools", "tests")
LARGEST_ROOM = 15
HOLDS_MORE = {
    "scripts/release",  # one job of many steps
    "scripts/commands",  # a module a verb
    "scripts/lint",  # a program of its own, which knows nobody
    "scripts/lint/rules",  # a module a subject
}


@cache
def import_statements(path: Path) -> tuple[ast.Import | ast.ImportFrom, ...]:
    """Returns every import of a file, wherever in it; each file is parsed once for all the tests."""
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    return tuple(node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom))


def imported(path: Path) -> set[str]:
    found = set()
    for node in import_statements(path):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found.add(node.module.split(".")[0])
    return found


def modules_of(*packages: str) -> dict[str, Path]:
    """Returns every module of the packages by its dotted name, a package by its own."""
    found = [path for package in packages for path in (ROOT / package).rglob("*.py")]
    return {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
        for path in found
        if "node_modules" not in path.parts and ".venv" not in path.parts
    }


def imported_modules(path: Path, known: Mapping[str, Path]) -> Iterator[str]:
    """Yields the modules of `known` that a file imports, wherever in it."""
    for node in import_statements(path):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom) and node.module and node.module in known:
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            yield from (names & known.keys()) or {node.module}


def room_of(module: str, rooms: Mapping[str, int]) -> str | None:
    """Returns the innermost room that a module is in; None for the package itself."""
    parts = module.split(".")[1:]
    return next((room for room in (".".join(parts[:2]), ".".join(parts[:1])) if room in rooms), None)


@pytest.mark.parametrize("package", ROOMS)
def test_rooms_import_only_rooms_below_them(package: str) -> None:
    level_of = {room: level for level, rooms in enumerate(ROOMS[package]) for room in rooms}
    known = modules_of(package)
    wrong = set()
    for module, path in known.items():
        room = room_of(module, level_of)
        for other in imported_modules(path, known):
            target = room_of(other, level_of)
            if room is None or target is None or room == target or (room, target) in BOTH_WAYS:
                continue
            if level_of[target] <= level_of[room]:
                wrong.add(f"{module} -> {other}")
    assert wrong == set()


@pytest.mark.parametrize("package", ROOMS)
def test_every_room_has_its_place_in_the_direction(package: str) -> None:
    listed = {room for rooms in ROOMS[package] for room in rooms if "." not in room}
    here = {path.stem for path in (ROOT / package).iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert here - {"__init__"} - NOT_A_ROOM == listed


def test_no_module_imports_itself_in_a_circle() -> None:
    known = modules_of(*PACKAGES)
    arrows = {module: set(imported_modules(path, known)) - {module} for module, path in known.items()}
    try:
        TopologicalSorter(arrows).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def test_nothing_imports_a_verb_but_cli_and_demo() -> None:
    known = modules_of("scripts")
    users = {
        module
        for module, path in known.items()
        if any(other.startswith("scripts.commands") for other in imported_modules(path, known))
    }
    assert {each for each in users if not each.startswith("scripts.commands")} == {"scripts.demo"}
    assert "scripts.commands." in (ROOT / "scripts" / "cli.py").read_text(
        encoding="utf-8"
    )  # by name, when it is asked for


def test_linter_knows_nobody() -> None:
    known = modules_of("scripts")
    others = {
        other
        for module, path in known.items()
        if module.startswith("scripts.lint")
        for other in imported_modules(path, known)
        if not other.startswith("scripts.lint")
    }
    assert others <= {"scripts.errors"}, "errors decide the exit code; nothing else of the command"


@pytest.mark.parametrize("package", ["scripts", "constructs_lib"])
def test_no_room_is_a_list_of_modules(package: str) -> None:
    folders = {path.parent for path in (ROOT / package).rglob("*.py") if not path.is_relative_to(SHIPPED)}
    sizes = {str(each.relative_to(ROOT)): len([*each.glob("*.py")]) - 1 for each in folders}
    assert {room for room, size in sizes.items() if size > LARGEST_ROOM} <= HOLDS_MORE


def test_a_packages_own_file_says_what_belongs_in_it_and_hands_nothing_on() -> None:
    packages = [path for package in PACKAGES[:-1] for path in (ROOT / package).rglob("__init__.py")]
    for path in packages:
        if (
            "node_modules" in path.parts
            or ".venv" in path.parts
            or path == ROOT / "scripts" / "lint" / "rules" / "__init__.py"
        ):
            continue  # the linter's list of rules is what that package is
        tree = ast.parse(path.read_text(encoding="utf-8"))
        assert ast.get_docstring(tree), path
        assert len(tree.body) == 1, path


def test_unit_tests_lie_where_the_module_lies() -> None:
    rooms = {
        str(path.parent.relative_to(ROOT / package))
        for package in ("scripts", "constructs_lib")
        for path in (ROOT / package).rglob("*.py")
    } | {"functions"}  # the code that ships alone, a folder a function
    rooms |= {f"localcloud/{path.name}" for path in (ROOT / "localcloud").iterdir() if path.is_dir()} | {
        "tools",
        "localcloud",
        "aws_facts",
    }
    tests = {
        str(path.parent.relative_to(ROOT / "tests" / "unit")) for path in (ROOT / "tests" / "unit").rglob("test_*.py")
    }
    assert tests <= rooms, tests - rooms


@pytest.mark.parametrize("package", FORBIDDEN)
def test_package_keeps_to_its_layer(package: str) -> None:
    for path in (ROOT / package).rglob("*.py"):
        if not path.is_relative_to(SHIPPED):
            assert not imported(path) & FORBIDDEN[package], path


def test_no_construct_reads_what_another_one_keeps_to_itself() -> None:
    for path in (ROOT / "constructs_lib").rglob("*.py"):
        private = {
            node.attr
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.Attribute)
            and node.attr.startswith("_")
            and not node.attr.startswith("__")
            and not (isinstance(node.value, ast.Name) and node.value.id in ("self", "cls"))
        }
        assert private == set(), path


# What a team may use alone, in a stack without a site file: docs/CONSTRUCTS.md.
@pytest.mark.parametrize(
    "module",
    [
        "content/bucket_replication",
        "content/content_bucket",
        "edge/edge_policies",
        "edge/firewall",
        "edge/regional_distribution",
        "edge/router",
        "endpoint/regional_endpoint",
        "names/certificates",
        "names/health_checks",
        "names/hosted_zone",
        "names/query_log",
        "names/records",
        "names/zone_signing",
    ],
)
def test_construct_needs_no_whole_site_file(module: str) -> None:
    source = (ROOT / "constructs_lib" / f"{module}.py").read_text(encoding="utf-8")
    names = {node.id for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)}
    assert "SiteFile" not in names


def test_only_the_clock_module_of_the_commands_imports_time() -> None:
    users = [path.name for path in (ROOT / "scripts").rglob("*.py") if "time" in imported(path)]
    assert users == ["clock.py"]
