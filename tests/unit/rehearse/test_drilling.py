"""What the views of a drill mean."""

import pytest

from scripts.rehearse.applying import _left_out
from scripts.rehearse.drilling import Drill, _Stream, drills_for
from scripts.rehearse.result import Missing, Outcome
from scripts.rehearse.sites import Origin, Site


@pytest.mark.parametrize(
    ("problems", "outcome", "after"),
    [
        ("....", Outcome.NOTHING_LOST, None),
        ("xx...", Outcome.RECOVERED, 6.5),
        (".xx..", Outcome.LOST, None),
        ("xxxx", Outcome.LOST, None),
        ("...x", Outcome.LOST, None),
    ],
)
def test_views_are_judged_by_what_followed_the_last_failure(
    problems: str, outcome: Outcome, after: float | None
) -> None:
    seen = [(3.0 * number, 0.5, "status 503" if each == "x" else "") for number, each in enumerate(problems)]
    found = _Stream(seen=seen).judged()
    assert (found.outcome, found.recovered_after_seconds, found.failed) == (outcome, after, problems.count("x"))


def site(*origins: Origin) -> Site:
    return Site(
        id="E1", domain_name="d1.cloudfront.net", hostname="www.example.com", origins=origins, page="/index.html"
    )


def test_bucket_is_broken_by_its_region_and_says_who_fails_with_it() -> None:
    first, second = (Origin(id=name, domain_name=f"{name}.s3", bucket=name, region="eu-central-1") for name in "ab")
    drills = drills_for(site(first, second))
    assert [each.target for each in drills] == ["s3:eu-central-1", "s3:eu-central-1", "cloudfront"]
    assert drills[0].notes == ("b.s3 is in the same region and fails with it",)


def test_web_server_is_broken_by_its_name() -> None:
    (first, *_) = drills_for(site(Origin(id="a", domain_name="app.example.com")))
    assert first == Drill(name="origin server answers 503", target="origin:app.example.com", kind="status", value=503)


@pytest.mark.parametrize(
    ("address", "message", "why"),
    [
        ("aws_glue_job.x", "api error MovedTemporarily", Missing.NOT_MODELLED),
        ("aws_route53domains_registered_domain.x", "StatusCode: 400", Missing.NOT_MODELLED),
        ("aws_cloudfront_x.y", "StatusCode: 501, localcloud does not model it", Missing.NOT_MODELLED),
        ("module.a.aws_cloudfront_distribution.y[0]", "StatusCode: 409, CNAMEAlreadyExists", Missing.REFUSED),
        ('aws_route53_record.y["a.b"]', None, Missing.NOT_REACHED),
    ],
)
def test_what_is_left_out_says_why(address: str, message: str | None, why: Missing) -> None:
    found = _left_out(address, {address: message} if message else {})
    assert (found.why, found.type.startswith("aws_")) == (why, True)
