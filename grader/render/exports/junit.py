"""JUnit XML, as Jenkins and GitLab read it: a suite a submission, a case a check."""

import re
from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from grader.render import wording
from grader.render.exports.sheet import LONGEST, Export, describe, undecided
from grader.render.text import cut, log_line, one_line
from grader.results import CheckResult, Outcome, Result

ELEMENTS = {
    Outcome.FAILED: "failure",
    Outcome.ERRORED: "error",
    Outcome.TIMED_OUT: "error",
    Outcome.HARNESS_ERROR: "error",
    Outcome.NOT_ATTEMPTED: "skipped",
    Outcome.BLOCKED: "skipped",
}
NOT_IN_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render_junit(results: Sequence[Result]) -> Export:
    """Return one document for all results. What is no character of XML 1.0 is spelled out."""
    root = Element("testsuites", {"name": "grader", **_counts([check for r in results for check in r.checks()])})
    for result in results:
        _add_suite(root, result)
    indent(root)
    text = tostring(root, encoding="unicode", xml_declaration=False)
    return Export(f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n', undecided(results))


def _add_suite(root: Element, result: Result) -> None:
    checks = result.checks()
    name = _line(f"{result.lab}.{result.submission.id}")
    skipped = sum(ELEMENTS.get(check.outcome) == "skipped" for check in checks)
    time = _seconds(sum(check.duration_s for check in checks))
    suite = SubElement(root, "testsuite", {"name": name, **_counts(checks), "skipped": str(skipped), "time": time})
    properties = SubElement(suite, "properties")
    for key, value in {"score": result.score, "max_score": result.max_score}.items():
        SubElement(properties, "property", name=key, value=f"{value:g}")
    for check in checks:
        _add_case(suite, name, check)


def _add_case(suite: Element, classname: str, check: CheckResult) -> None:
    time = _seconds(check.duration_s)
    case = SubElement(suite, "testcase", name=_line(check.id), classname=classname, time=time)
    if element := ELEMENTS.get(check.outcome):
        message = f"{wording.LABELS[check.outcome].word}: {check.title}"
        found = SubElement(case, element, type=check.outcome.value, message=_line(message))
        found.text = _legal(describe(check))


def _counts(checks: Sequence[CheckResult]) -> dict[str, str]:
    kinds = [ELEMENTS.get(check.outcome) for check in checks]
    return {"tests": str(len(checks)), "failures": str(kinds.count("failure")), "errors": str(kinds.count("error"))}


def _line(text: str) -> str:
    return _legal(log_line(one_line(cut(text, LONGEST))))


def _legal(text: str) -> str:
    return NOT_IN_XML.sub(lambda found: found.group().encode("unicode_escape").decode("ascii"), text)


def _seconds(seconds: float) -> str:
    return f"{max(0.0, seconds):.3f}"
