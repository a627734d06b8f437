"""Whether a bucket holds what the folder does: who is fast and wrong is no peer."""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote
from urllib.request import ProxyHandler, build_opener

_ENTRY = re.compile(r"<Key>([^<]*)</Key>.*?<ETag>&quot;([0-9a-f]{32})&quot;</ETag>")
_NEXT = re.compile(r"<NextContinuationToken>([^<]*)</NextContinuationToken>")


class Judge:
    """Knows what is in the folder; whoever changes a file says so.

    Args:
        site: the folder.
        s3_port: where S3 is asked, on the bare loopback.
    """

    def __init__(self, site: Path, s3_port: int) -> None:
        self._site = site
        self._url = f"http://127.0.0.1:{s3_port}"
        self._opener = build_opener(ProxyHandler({}))
        self._md5s: dict[str, str] = {}
        self.read(path for path in site.rglob("*") if path.is_file())

    def read(self, changed: Iterable[Path]) -> None:
        """Takes files that changed."""
        for path in changed:
            md5 = hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
            self._md5s[path.relative_to(self._site).as_posix()] = md5

    def is_right(self, bucket: str) -> bool:
        """Whether the bucket has every file with its content, and nothing else."""
        held: dict[str, str] = {}
        after = ""
        while True:
            with self._opener.open(f"{self._url}/{bucket}?list-type=2&continuation-token={quote(after)}") as answer:
                page = answer.read().decode()
            held.update(_ENTRY.findall(page))
            if (more := _NEXT.search(page)) is None:
                return held == self._md5s
            after = html.unescape(more[1])
