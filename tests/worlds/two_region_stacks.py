"""The stacks of a site of two regions as files, as far as what moves states reads them."""

import json
from pathlib import Path
from typing import Any


def write_stacks(outdir: Path, *regions: str) -> Path:
    """Writes `stacks/` into an output folder and returns it."""
    places = {"dns": "us-east-1", "edge": "us-east-1", "monitoring": "us-east-1"}
    places |= {f"{kind}-{region}": region for kind in ("region", "attachment") for region in regions}
    for name, region in places.items():
        document: dict[str, Any] = {
            "terraform": {
                "backend": {"local": {"path": f"../../../terraform.{name}.tfstate"}},
                "required_providers": {"aws": {"source": "aws", "version": ">= 5.100.0"}},
            },
            "provider": {"aws": [{"region": region, "default_tags": [{"tags": {"Stack": name}}]}]},
            "resource": {"aws_sns_topic": {"alarms": {}}},
        }
        folder = outdir / "stacks" / name
        folder.mkdir(parents=True)
        (folder / "cdk.tf.json").write_text(json.dumps(document), encoding="utf-8")
    return outdir / "stacks"
