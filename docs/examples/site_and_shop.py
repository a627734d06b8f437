"""A team's own program: the site's stacks and one of the team's beside them. docs/CONSTRUCTS.md explains it.

`python docs/examples/site_and_shop.py SITE_FILE` takes what main.py takes. The team's stack has its state where the site's have
theirs, the site's tags, and a queue of orders.
"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[2]))  # a file beside main.py needs no such line

from constructs_lib.site_file.models import SiteFile
from main import main

if TYPE_CHECKING:
    from cdktf import App


def add_shop(app: "App", site: SiteFile) -> None:
    """Adds the stack `shop`. The bindings are ready only now, so what needs them is imported here."""
    from cdktf import TerraformOutput, TerraformStack
    from cdktf_cdktf_provider_aws.sqs_queue import SqsQueue

    from constructs_lib.providers import add_provider
    from constructs_lib.state_backend import add_state_backend

    stack = TerraformStack(app, "shop")
    add_state_backend(stack, site=site)  # the site's bucket, with use_lockfile; the key ends with the stack's name
    provider = add_provider(stack, site=site, region=site.primary.name)
    orders = SqsQueue(stack, "orders", name=f"{site.prefix}-orders", sqs_managed_sse_enabled=True, provider=provider)
    TerraformOutput(stack, "orders_url", value=orders.url)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], beside=add_shop))
