"""A plain web server outside AWS: which file answers a path, and that nothing outside its folder does."""

from pathlib import Path

import pytest

from localcloud.dataplane.web_servers import served_file


@pytest.fixture
def current(tmp_path: Path) -> Path:
    release = tmp_path / "releases" / "r1"
    (release / "about").mkdir(parents=True)
    for name, text in (
        ("index.html", "home"),
        ("about/index.html", "about"),
        ("plain.html", "plain"),
        ("404.html", "gone"),
    ):
        (release / name).write_text(text, encoding="utf-8")
    (tmp_path / "secret.txt").write_text("secret", encoding="utf-8")
    link = tmp_path / "current"
    link.symlink_to(release)
    return link


@pytest.mark.parametrize(("path", "status", "text"), [
    ("/", 200, "home"),
    ("/index.html", 200, "home"),
    ("/about/", 200, "about"),
    ("/about", 200, "about"),
    ("/plain", 200, "plain"),
    ("/nothing", 404, "gone"),
    ("/../secret.txt", 404, "gone"),
    ("/%2e%2e/%2e%2e/secret.txt", 404, "gone"),
])  # fmt: skip
def test_path_is_served_as_a_plain_server_does(current: Path, path: str, status: int, text: str) -> None:
    assert served_file(current, path)[:2] == (status, text.encode())


def test_link_is_followed_anew_for_each_request(current: Path) -> None:
    other = current.parent / "releases" / "r2"
    other.mkdir()
    (other / "index.html").write_text("second", encoding="utf-8")
    current.unlink()
    current.symlink_to(other)
    assert served_file(current, "/")[1] == b"second"


def test_folder_that_is_not_there_yet_serves_nothing(tmp_path: Path) -> None:
    assert served_file(tmp_path / "later", "/")[0] == 404
