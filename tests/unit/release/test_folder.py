"""What a folder must not hold to become a release, and what each refusal says."""

import os
from pathlib import Path

import pytest

from scripts.errors import WrongUsageError
from scripts.release.folder import read_folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    site = tmp_path / "site"
    site.mkdir()
    (site / "index.html").write_text("<p>no release stamp, which is allowed</p>", encoding="utf-8")
    return site


def write(folder: Path, name: str) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("x", encoding="utf-8")


def published(folder: Path) -> list[str]:
    return [file.path for file in read_folder(folder).files]


def refusal(folder: Path) -> str:
    with pytest.raises(WrongUsageError) as caught:
        read_folder(folder)
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "named"),
    [
        (".git/config", ".git: a hidden"),
        (".env", ".env: a hidden"),
        ("docs/.htpasswd", "docs/.htpasswd: a hidden"),
        ("docs/.cache/a/b.txt", "docs/.cache: a hidden"),
        (".well-known/.env", ".well-known/.env: a hidden"),
        (".well-known.bak", ".well-known.bak: a hidden"),
        ("health/index.html", "health/: /health/ answers from outside the release"),
        ("errors/404.html", "errors/: /errors/ answers from outside the release"),
    ],
)
def test_folder_rejects_a_name(folder: Path, name: str, named: str) -> None:
    write(folder, name)
    assert named in refusal(folder)


@pytest.mark.parametrize(
    "name", [".well-known/security.txt", "docs/health/index.html", "health.html", "errors.html", "control/active.json"]
)
def test_folder_accepts_a_name_that_viewers_can_reach(folder: Path, name: str) -> None:
    write(folder, name)
    assert published(folder) == sorted([name, "index.html"])


def test_refused_folder_is_one_line_and_other_problems_stay_named(folder: Path) -> None:
    for name in (".git/config", ".git/HEAD", ".git/refs/heads/main", "health/a.json", "health/b.json"):
        write(folder, name)
    (folder / "gone").symlink_to(folder / "no")
    assert len(refusal(folder).splitlines()) == 1 + len(("gone", ".git", "health/"))


def test_link_to_a_folder_inside_is_refused(folder: Path) -> None:
    write(folder, "v2/page.html")
    (folder / "latest").symlink_to("v2", target_is_directory=True)
    assert "latest: a link to the folder" in refusal(folder)


def test_link_to_a_file_inside_is_published(folder: Path) -> None:
    (folder / "start.html").symlink_to("index.html")
    assert published(folder) == ["index.html", "start.html"]


def test_link_to_itself_is_refused(folder: Path) -> None:
    (folder / "loop").symlink_to("loop")
    assert "loop: " in refusal(folder)


def test_pipe_is_refused(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    assert "pipe: neither a file nor a folder" in refusal(folder)


@pytest.mark.parametrize("name", [b"caf\xe9.html", b".caf\xe9", b"caf\xe9/page.html"])
def test_name_that_is_not_utf8_is_refused_in_printable_text(folder: Path, name: bytes) -> None:
    try:
        write(folder, os.fsdecode(name))
    except OSError:
        pytest.skip("this file system takes UTF-8 only")
    message = refusal(folder)
    assert "caf\\udce9" in message
    assert message.encode("utf-8")


def test_folder_whose_own_name_is_not_utf8_is_published(folder: Path) -> None:
    try:
        moved = folder.rename(folder.with_name(os.fsdecode(b"s\xe9te")))
    except OSError:
        pytest.skip("this file system takes UTF-8 only")
    assert published(moved) == ["index.html"]
    write(moved, ".env")
    assert refusal(moved).encode("utf-8")
