"""A program in Terraform's place."""

from pathlib import Path

from scripts.terraform.cli import Terraform


class Fake:
    """A `terraform` that prints given lines, and the stack and folders it runs on.

    Args:
        folder: an empty folder.
        body: shell commands; the default prints nothing and succeeds.
    """

    def __init__(self, folder: Path, body: str = "") -> None:
        self.stack = folder / "edge"
        self.stack.mkdir()
        self.log = folder / "build" / "terraform-edge.log"
        self.arguments = folder / "arguments"
        self.binary = folder / "terraform"
        self.binary.write_text(f'#!/bin/sh\necho "$*" >>{self.arguments}\n{body}\n', encoding="utf-8")
        self.binary.chmod(0o755)

    def terraform(self, *, init_hint: str = "", **environment: str) -> Terraform:
        return Terraform(
            binary=self.binary, environment=environment, log_dir=self.log.parent, init_hint=lambda _: init_hint
        )
