"""A drill's criteria as JUnit XML, which every CI system shows: a test suite a scenario, a test case a criterion."""

from __future__ import annotations

from xml.etree import ElementTree

from scripts.report.data import Report, ScenarioReport, VariantReport


def junit(report: Report) -> str:
    """Return the document, in the form of https://github.com/testmoapp/junitxml."""
    root = ElementTree.Element("testsuites", name=f"failover drill of {report['hostname']}")
    for scenario in report["scenarios"]:
        _suite(root, report, scenario)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _suite(root: ElementTree.Element, report: Report, scenario: ScenarioReport) -> None:
    cases = [(variant, case) for variant in scenario["variants"] for case in _cases(variant)]
    suite = ElementTree.SubElement(
        root,
        "testsuite",
        name=scenario["name"],
        tests=str(len(cases)),
        failures=str(sum(case.find("failure") is not None for _, case in cases)),
        skipped=str(sum(case.find("skipped") is not None for _, case in cases)),
        timestamp=report["generated_at"],
    )
    for variant, case in cases:
        case.set("classname", f"{scenario['name']}.{variant['name']}")
        suite.append(case)


def _cases(variant: VariantReport) -> list[ElementTree.Element]:
    cases = [
        _case(each["name"], each["passed"], f"wanted {each['wanted']}, found {each['found']}")
        for each in variant["criteria"]
    ]
    is_within = None if variant["verdict"] == "inconclusive" else variant["verdict"] == "within"
    return [*cases, _case("verdict", is_within, "; ".join(variant["reasons"]))]


def _case(name: str, passed: bool | None, message: str) -> ElementTree.Element:
    case = ElementTree.Element("testcase", name=name)
    if passed is None:
        ElementTree.SubElement(case, "skipped", message=message)
    elif not passed:
        ElementTree.SubElement(case, "failure", message=message)
    return case
