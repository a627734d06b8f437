"""A machine made of files below one folder: what discovery sees of it, and programs that are shell scripts."""

import datetime as dt
from pathlib import Path

from scripts.terraform.toolchain import Host

DAY = dt.date(2026, 11, 23)


def host(root: Path, *, today: dt.date = DAY, **environ: str) -> Host:
    """Return a machine whose PATH is `root`/bin and whose home, current folder and system folders are empty."""
    for name in ("bin", "home", "cwd", "site-packages"):
        (root / name).mkdir(exist_ok=True)
    return Host(
        environ={"PATH": str(root / "bin"), **environ},
        home=root / "home",
        cwd=root / "cwd",
        root=root,
        site_packages=root / "site-packages",
        platform="linux_amd64",
        today=today,
    )


def program(path: Path, answer: str, *, exit_code: int = 0) -> Path:
    """Write an executable that prints `answer` whatever it is asked."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\nprintf '%s\\n' '{answer}'\nexit {exit_code}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def terraform(root: Path, version: str = "1.11.4") -> Path:
    """Put a Terraform of that version into PATH."""
    return program(root / "bin" / "terraform", f"Terraform v{version}\non linux_amd64")


def tofu(root: Path, version: str = "1.11.5") -> Path:
    """Put an OpenTofu of that version into PATH."""
    return program(root / "bin" / "tofu", f"OpenTofu v{version}\non linux_amd64")


def unpacked_provider(
    mirror: Path, version: str, platform: str = "linux_amd64", registry: str = "registry.terraform.io"
) -> Path:
    """Put an unpacked provider into a mirror folder; return the mirror."""
    folder = mirror / registry / "hashicorp" / "aws" / version / platform
    program(folder / f"terraform-provider-aws_v{version}_x5", "provider")
    return mirror


def packed_provider(mirror: Path, version: str, platform: str = "linux_amd64") -> Path:
    """Put a zipped provider into a mirror folder; return the mirror."""
    archive = mirror / "registry.terraform.io/hashicorp/aws" / f"terraform-provider-aws_{version}_{platform}.zip"
    archive.parent.mkdir(parents=True, exist_ok=True)
    archive.write_bytes(b"PK")
    return mirror
