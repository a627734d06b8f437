"""What proves the facts that one look at a deployed sandbox can prove: a function each, which returns its evidence."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from scripts.prove.apis import (
    access_log_of_endpoint,
    alias_of_failover_record,
    certificates_of_regions,
    checkers_of_region_checks,
    compute_of_router,
    events_of_failover,
    name_at_both_services,
    region_checks,
)
from scripts.prove.serving import (
    compressed_style_sheet,
    lifetime_of_records,
    lost_object,
    markers,
    negative_lifetime,
    plus_sign,
    query_string_of_redirect,
    seconds_to_the_edge,
    spellings_at_endpoint,
    vary,
)
from scripts.prove.target import Sandbox

Check = Callable[[Sandbox], str]
"""Returns the evidence; raises DisprovedError with evidence against the fact, OpsError where nothing can be said."""

CHECKS: Mapping[str, Check] = {
    "failover_alias": alias_of_failover_record,
    "same_name_at_both_services": name_at_both_services,
    "regional_certificates_issued": certificates_of_regions,
    "marker_served": markers,
    "record_lifetime": lifetime_of_records,
    "write_reaches_the_edge": seconds_to_the_edge,
    "endpoint_access_logs": access_log_of_endpoint,
    "region_checks_over_http": region_checks,
    "endpoint_path_decoded": spellings_at_endpoint,
    "failover_events_logged": events_of_failover,
    "router_within_compute_limit": compute_of_router,
    "lost_object_comes_back": lost_object,
    "compressed_variant": compressed_style_sheet,
    "redirect_keeps_query": query_string_of_redirect,
    "vary_once": vary,
    "plus_sign_in_path": plus_sign,
    "two_checkers_a_region": checkers_of_region_checks,
    "negative_answers_kept_briefly": negative_lifetime,
}
AFTER_DRILLS = frozenset({"failover_events_logged"})
"""What there is to see only when something was drilled."""
