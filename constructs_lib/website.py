"""The website as a whole: the stacks of one site file, in the order in which they are applied."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from cdktf import App

from constructs_lib import jsii_folders
from constructs_lib.access.role_boundaries import bound_roles
from constructs_lib.errors import ConfigError
from constructs_lib.providers import TERRAFORM_VERSIONS
from constructs_lib.residency import data_outside
from constructs_lib.site_file.models import SiteFile
from constructs_lib.stacks.access_stack import AccessStack
from constructs_lib.stacks.api_stacks import add_api
from constructs_lib.stacks.attachment_stack import AttachmentStack, Surroundings
from constructs_lib.stacks.audit_stack import AuditStack
from constructs_lib.stacks.database_stack import add_database
from constructs_lib.stacks.dns_stack import DnsStack
from constructs_lib.stacks.edge_stack import EdgeStack
from constructs_lib.stacks.keys_stack import add_keys
from constructs_lib.stacks.monitoring_stack import MonitoringStack
from constructs_lib.stacks.prober_stack import add_probers
from constructs_lib.stacks.region_stack import RegionStack


def build_website(app: App, site: SiteFile) -> None:
    """Adds dns, for each region region-<name> and attachment-<name>, edge and monitoring, and what the site file asks for."""
    dns = DnsStack(app, site=site)
    keys = add_keys(app, site=site)
    regions = {
        region.name: RegionStack(app, site=site, region=region, dns=dns, keys=keys.get(region.name))
        for region in site.region
    }
    edge = EdgeStack(app, site=site, dns=dns, regions=list(regions.values()))
    surroundings = Surroundings(edge=edge, regions=regions, keys=keys)
    attachments = {
        name: AttachmentStack(app, site=site, region=region, surroundings=surroundings)
        for name, region in regions.items()
    }
    probers = add_probers(app, site=site, edge=edge, regions=regions)
    MonitoringStack(app, site=site, edge=edge, regions=regions, attachments=attachments, probers=probers)
    if site.features.api:
        add_api(app, site=site, dns=dns)
    if site.features.database:
        add_database(app, site=site)
    if site.features.audit:
        AuditStack(app, site=site)
    if site.github.subjects:
        bound_roles(app, site=site, access=AccessStack(app, site=site))


Beside = Callable[[App, SiteFile], None]
"""Adds stacks of a team's own to the site's: docs/CONSTRUCTS.md."""


def synthesize(site: SiteFile, *, outdir: Path | None = None, beside: Beside | None = None) -> Path:
    """Writes the Terraform JSON of every stack; stacks of an earlier synth go, as with `cdktf synth`.

    Args:
        site: the site.
        outdir: output folder; default CDKTF_OUTDIR, which `cdktf` sets, else `cdktf.out`.
        beside: adds a team's own stacks; default: there are none.

    Returns:
        The output folder; the stacks are in `stacks/<name>/cdk.tf.json`.

    Raises:
        ConfigError: something would hold data outside `residency.allowed_regions`.
        OSError: the output folder cannot be used.
    """
    if outdir is not None:
        outdir.mkdir(parents=True, exist_ok=True)
    with jsii_folders.in_words(outdir or Path(os.environ.get("CDKTF_OUTDIR") or "cdktf.out")):
        app = App() if outdir is None else App(outdir=str(outdir))
        # cdktn refuses what the oldest Terraform that is meant cannot do, such as write-only arguments; cdktf asks nothing.
        app.node.set_context("targetVersions", dict.fromkeys(("terraform", "opentofu"), TERRAFORM_VERSIONS))
        build_website(app, site)
        if beside is not None:
            beside(app, site)
        app.synth()
    folder = Path(app.outdir)
    _remove_earlier(folder)
    _keep_residency(site, folder / "stacks")
    return folder


def _remove_earlier(outdir: Path) -> None:
    """Removes what this synth did not write: whoever reads the folder would price and deploy another site file's stacks.

    cdktf lists the folders before it runs this program, and ends in ENOENT when one of them is gone afterwards. So under cdktf an
    empty folder stays, which cdktf removes itself.
    """
    written = json.loads((outdir / "manifest.json").read_bytes())["stacks"]
    for path in (outdir / "stacks").glob("*/cdk.tf.json"):
        if path.parent.name not in written:
            shutil.rmtree(path.parent)
            if "CDKTF_OUTDIR" in os.environ:
                path.parent.mkdir()


def _keep_residency(site: SiteFile, stacks: Path) -> None:
    if not site.residency.allowed_regions:
        return
    documents = {path.parent.name: json.loads(path.read_bytes()) for path in stacks.glob("*/cdk.tf.json")}
    problems = data_outside(documents, allowed=site.residency.allowed_regions)
    if problems:
        raise ConfigError("the synthesized stacks", problems)
