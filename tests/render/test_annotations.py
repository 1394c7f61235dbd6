import json
import re

import msgspec
import pytest

from grader.render.annotations import Located, Place, Remark, render_annotations, render_code_quality
from grader.results import Outcome, Result, sum_task
from tests.render.hostile import ATTACKS
from tests.render.sample import SAMPLE, change_texts, with_outcome

COMMAND = re.compile(r"::(error|warning|notice) (?:file=[^,:]+,line=\d+,)?title=[^,:]+::\S.*")
PLACES = {"lora_config.eight_bits": Place("labs/week07/lora_config.py", 41)}
REFUSAL = Remark("error", "labs/week08 was not graded", "It is a link.", None, "week08:")


def with_many_checks(outcome: Outcome, lab: str = "week07") -> Result:
    first = SAMPLE.tasks[0].checks[1]
    checks = [
        msgspec.structs.replace(first, id=f"formatting.c{i}", title=f"Check {i}", max_points=float(i), outcome=outcome)
        for i in range(30)
    ]
    return msgspec.structs.replace(SAMPLE, lab=lab, tasks=[sum_task("formatting", "Formatting", checks)])


def annotate(*results: Result) -> list[str]:
    return render_annotations([Located(result, PLACES) for result in results]).splitlines()


def test_an_annotation_stands_at_its_place() -> None:
    found = [line for line in annotate(SAMPLE) if "file=" in line]
    assert len(found) == 1
    assert found[0].startswith("::error file=labs/week07/lora_config.py,line=41,title=Raised an error%3A Eight bits")


def test_at_most_ten_annotations_whatever_their_number_and_the_dearest_first() -> None:
    lines = annotate(with_many_checks(Outcome.FAILED))
    assert len(lines) == 10
    assert "Check 29" in lines[0]
    assert lines[-1].startswith("::error title=+21 more::Not right yet: Check 20, Not right yet: Check 19")


def test_ten_are_for_all_labs_together_and_errors_come_first() -> None:
    notices, errors = with_many_checks(Outcome.HARNESS_ERROR), with_many_checks(Outcome.FAILED, "week08")
    lines = annotate(notices, errors)
    assert len(lines) == 10
    assert all(line.startswith("::error") for line in lines)
    assert "+51 more" in lines[-1]


def test_a_lab_that_was_not_graded_is_told_before_all_others() -> None:
    lines = render_annotations([Located(with_many_checks(Outcome.FAILED), {})], [REFUSAL]).splitlines()
    assert lines[0] == "::error title=labs/week08 was not graded::It is a link."
    assert len(lines) == 10


def test_a_task_not_started_is_one_notice() -> None:
    lines = annotate(with_outcome(SAMPLE, Outcome.NOT_ATTEMPTED))
    assert [line.split(" ")[0] for line in lines] == ["::notice"] * len(SAMPLE.tasks)


def test_full_marks_need_no_annotation() -> None:
    assert annotate(with_outcome(SAMPLE, Outcome.PASSED)) == []


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS.keys())
def test_hostile_text_gives_no_command_of_its_own(attack: str) -> None:
    result = change_texts(SAMPLE, lambda _: attack)
    places = {check.id: Place("labs/week07/lora_config.py", 1) for check in result.checks()}
    lines = render_annotations([Located(result, places)]).split("\n")
    assert all(COMMAND.fullmatch(line) for line in lines[:-1])
    assert not any("##[" in line or "\r" in line for line in lines)
    issues = json.loads(render_code_quality([Located(result, places)]))
    assert all(len(issue["description"]) < 2200 for issue in issues)


def test_a_code_quality_report_holds_the_same_with_a_fingerprint_each() -> None:
    issues = json.loads(render_code_quality([Located(SAMPLE, PLACES)], [REFUSAL]))
    assert issues[0]["location"] == {"path": "labs/week08", "lines": {"begin": 1}}
    assert {"path": "labs/week07/lora_config.py", "lines": {"begin": 41}} in [issue["location"] for issue in issues]
    assert len({issue["fingerprint"] for issue in issues}) == len(issues)
    assert {issue["severity"] for issue in issues} <= {"major", "minor", "info"}
