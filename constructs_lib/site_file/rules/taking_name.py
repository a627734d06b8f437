"""What a site has while another distribution still serves its name: `site.takes_name = false`."""

from collections.abc import Mapping
from typing import Any

from constructs_lib.errors import Problem
from constructs_lib.site_file.models import Entry


def name_is_taken_from_cloudfront(sections: Mapping[str, Any]) -> list[Problem]:
    """The name moves from distribution to distribution, in a zone that is there already, and nothing stands behind it yet."""
    site, routing = sections.get("site"), sections.get("routing")
    if site is None or routing is None or site.takes_name:
        return []
    problems = []
    if routing.entry is not Entry.CLOUDFRONT:
        problems.append(
            Problem(
                key="routing.entry",
                value=f'"{routing.entry}" with site.takes_name = false',
                allowed='"cloudfront" with site.takes_name = false',
                remedy='use entry = "cloudfront" until the name is taken: it moves from one distribution to another',
            )
        )
    if site.hosted_zone_id is None:
        problems.append(
            Problem(
                key="site.hosted_zone_id",
                value=None,
                allowed="the id of the zone that holds the name, with site.takes_name = false",
                remedy="name the zone in which the name is served now: its records are changed in one step, and no zone is made",
            )
        )
    if sections.get("endpoint"):
        problems.append(
            Problem(
                key="endpoint",
                value="a list with site.takes_name = false",
                allowed="no [[endpoint]] with site.takes_name = false",
                remedy="add the last exit after the name is taken: its records stand behind the name",
            )
        )
    return problems
