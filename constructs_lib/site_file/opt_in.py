"""What to say of the regions of a site file that an account cannot use before it has enabled them."""

from collections.abc import Iterator

from aws_facts.regions import needs_opt_in
from constructs_lib.site_file.models import SiteFile


def opt_in_words(site: SiteFile) -> Iterator[str]:
    """Yields a sentence for each region of the site that is off until somebody enables it: serving, probing, with the states.

    https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html
    """
    state = site.state
    named = [*(each.name for each in site.region), *site.features.prober, state.region, state.replica_region]
    for region in dict.fromkeys(name for name in named if name is not None and needs_opt_in(name)):
        yield (
            f"{region} is an opt-in region, off in an account until somebody enables it, which takes minutes to hours: "
            f"aws account enable-region --region-name {region}; `failover doctor` says whether it is on"
        )
