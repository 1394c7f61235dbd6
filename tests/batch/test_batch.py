"""A class from its folder to its reports: what is graded, what is kept, what is said."""

import io
import shutil
from pathlib import Path

import pytest
from rich.console import Console

from grader.batch.attendance import Class
from grader.batch.command import explain
from grader.batch.journal import Journal
from grader.batch.settings import Asked
from grader.checks.warm import WarmChecks
from grader.errors import LabError, UsageError
from grader.grade import Grading
from grader.lab import Lab, find_lab
from grader.lab.folders import PROJECT
from grader.results import Outcome, SandboxInfo, encode
from grader.worker import Server
from tests.batch.classroom import RIGHT, SEED, STUB, SUMS, Classroom, timeless


def test_each_submission_gets_its_own_result_and_the_index_links_to_all(classroom: Classroom) -> None:
    for name, source in (("ada", RIGHT), ("ben", SUMS), ("cleo", STUB)):
        classroom.add(name, source)
    ended = classroom.batch()
    assert ended.code == 0
    scores = {id: classroom.result(id).score for id in ("ada", "ben", "cleo")}
    assert scores == {"ada": 100, "ben": 60, "cleo": 0}
    page = (classroom.out / "index.html").read_text()
    assert all(f'href="./{id}/index.html"' in page for id in scores)
    assert "Graded: 3 submissions, 53.3 points on average." in ended.printed


def test_a_submission_that_cannot_be_read_is_a_line_and_not_the_end(classroom: Classroom) -> None:
    classroom.add("ada", RIGHT)
    (classroom.folder / "ben.zip").write_bytes(b"PK no zip")
    ended = classroom.batch()
    assert ended.code == 0
    assert "Refused: 1 submission." in ended.printed
    assert "ben" in (classroom.out / "index.html").read_text()
    assert classroom.result("ada").score == 100


def test_a_class_of_another_lab_is_loud_names_that_lab_and_ends_with_2(classroom: Classroom) -> None:
    classroom.add("ada", RIGHT)
    classroom.add("ben", SUMS)
    ended = classroom.batch(lab=find_lab("week07"), model="tiny-gpt2")
    assert (ended.code, ended.jobs) == (2, [])
    assert "NOTHING WAS GRADED" in ended.printed
    assert "Its files are those of week00: add --lab week00." in ended.printed


def test_an_unchanged_class_is_not_graded_again(classroom: Classroom) -> None:
    classroom.add("ada", RIGHT)
    classroom.add("ben", SUMS)
    first = classroom.batch()
    before = {path: path.stat().st_mtime_ns for path in classroom.out.glob("[a-z]*/*")}
    second = classroom.batch()
    assert sorted(first.jobs) == ["checks ada", "checks ben"]
    assert second.jobs == []
    assert {path: path.stat().st_mtime_ns for path in classroom.out.glob("[a-z]*/*")} == before
    assert "Changed" not in second.printed


def test_only_what_changed_is_graded_again_and_the_summary_says_by_what(classroom: Classroom) -> None:
    classroom.add("ada", RIGHT)
    classroom.add("ben", SUMS)
    classroom.batch()
    classroom.add("ben", RIGHT)
    ended = classroom.batch()
    assert ended.jobs == ["checks ben"]
    assert "Changed since the last run: 1 submission." in ended.printed
    assert "ben: 60/100 → 100/100 (warmup.mean_of_a_few_losses failed → passed" in ended.printed


def test_the_seed_is_drawn_once_and_a_resumed_batch_goes_on_with_it(classroom: Classroom) -> None:
    classroom.add("ada", RIGHT)
    classroom.batch()
    classroom.add("ben", RIGHT)
    classroom.batch()
    assert classroom.result("ada").seed == classroom.result("ben").seed
    other = classroom.result("ada").seed + 1
    assert sorted(classroom.batch(seed=other).jobs) == ["checks ada", "checks ben"]
    assert classroom.result("ada").seed == other


def test_a_changed_check_is_graded_alone(classroom: Classroom, tmp_path: Path) -> None:
    lab = own_lab(tmp_path)
    classroom.add("ada", RIGHT)
    classroom.batch(lab=lab)
    durations = {check.id: check.duration_s for check in classroom.result("ada").checks()}
    tests = lab.folder / "tests" / "test_warmup.py"
    tests.write_text(tests.read_text().replace("assert mean == 2.125", "assert mean == 3.0"))
    ended = classroom.batch(lab=lab)
    outcomes = {check.id: check.outcome for check in classroom.result("ada").checks()}
    assert [id for id, outcome in outcomes.items() if outcome is Outcome.FAILED] == ["warmup.mean_of_a_few_losses"]
    again = {check.id: check.duration_s for check in classroom.result("ada").checks()}
    assert [id for id in again if again[id] != durations[id]] == ["warmup.mean_of_a_few_losses"]
    assert "warmup.mean_of_a_few_losses passed → failed" in ended.printed


def test_points_are_put_on_kept_results_without_grading(classroom: Classroom, tmp_path: Path) -> None:
    lab = own_lab(tmp_path)
    classroom.add("ben", SUMS)
    classroom.batch(lab=lab)
    spec = lab.folder / "lab.toml"
    spec.write_text(spec.read_text().replace('title = "Warm-Up"', 'title = "Warmed Up"'))
    ended = classroom.batch(lab=find_lab(str(lab.folder)))
    assert ended.jobs == []
    assert "Warmed Up" in (classroom.out / "index.html").read_text()


def test_a_damaged_record_is_graded_anew(classroom: Classroom) -> None:
    classroom.add("ada", RIGHT)
    classroom.batch()
    record = classroom.out / ".journal" / "records" / "ada.json"
    whole = record.read_bytes()
    for damaged in (whole[: len(whole) // 2], b"", b'{"checked": 3}'):
        record.write_bytes(damaged)
        assert classroom.batch().jobs == ["checks ada"]
        assert classroom.result("ada").score == 100


def test_a_harness_error_is_loud_makes_the_code_3_and_is_never_kept(classroom: Classroom, tmp_path: Path) -> None:
    lab = own_lab(tmp_path)
    tests = lab.folder / "tests" / "test_warmup.py"
    whole = tests.read_text()
    classroom.add("ada", RIGHT)
    tests.write_text(whole.replace("    mean = sub", "    raise OSError('ours')\n    mean = sub"))
    broken = classroom.batch(lab=lab)
    assert broken.code == 3
    assert broken.printed.startswith("OUR FAULT: 1 submission.")
    assert "Our fault: 1 submission" in (classroom.out / "index.html").read_text()
    assert classroom.result("ada").score == classroom.result("ada").max_score == 80
    assert classroom.batch(lab=lab).jobs == ["checks ada"]
    tests.write_text(whole)
    mended = classroom.batch(lab=lab)
    assert (mended.code, classroom.result("ada").score) == (0, 100)


def test_tests_that_pytest_cannot_collect_are_a_fault_of_ours_for_each_submission(
    classroom: Classroom, tmp_path: Path
) -> None:
    lab = own_lab(tmp_path)
    (lab.folder / "tests" / "test_more.py").write_text("import nothing_of_this_name\n")
    classroom.add("ada", RIGHT)
    ended = classroom.batch(lab=lab)
    assert ended.code == 3
    assert ended.jobs == ["checks ada"] * 2
    assert "ada: pytest could not run the checks" in ended.printed
    assert not (classroom.out / "ada").exists()


def test_tests_that_are_no_python_stop_the_batch_with_one_sentence(classroom: Classroom, tmp_path: Path) -> None:
    lab = own_lab(tmp_path)
    (lab.folder / "tests" / "test_more.py").write_text("def test_broken(:\n")
    classroom.add("ada", RIGHT)
    with pytest.raises(LabError, match=r"test_more\.py"):
        classroom.batch(lab=lab)


def test_a_second_batch_over_the_same_reports_is_refused(classroom: Classroom) -> None:
    classroom.add("ada", RIGHT)
    with Journal(classroom.out), pytest.raises(UsageError, match="Another batch is writing"):
        classroom.batch()
    assert classroom.batch().code == 0


def test_what_a_killed_batch_had_half_written_is_removed(tmp_path: Path) -> None:
    for place in (".index.html.a1b2c3d4", "ada/.result.json.a1b2c3d4", ".journal/records/.ada.json.a1b2c3d4"):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_text("half")
    (tmp_path / "ada" / "result.json").write_text("whole")
    Journal(tmp_path).close()
    left = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert left == {"ada/result.json", ".journal/lock"}


def test_reports_of_another_lab_are_not_written_over(classroom: Classroom, tmp_path: Path) -> None:
    classroom.add("ada", RIGHT)
    classroom.batch()
    lab = own_lab(tmp_path, name="other")
    with pytest.raises(UsageError, match="holds a batch of week00"):
        classroom.batch(lab=lab)


def test_reports_in_the_class_are_refused(classroom: Classroom) -> None:
    classroom.add("ada", RIGHT)
    classroom.out = classroom.folder / "reports"
    with pytest.raises(UsageError, match="lie in one another"):
        classroom.batch()


def test_without_confinement_nothing_is_graded_unless_that_is_allowed(classroom: Classroom) -> None:
    classroom.add("ada", RIGHT)
    weak = SandboxInfo(level="process")
    with pytest.raises(UsageError, match="--allow-unconfined"):
        classroom.batch(sandbox=weak)
    assert not (classroom.out / "ada").exists()
    assert classroom.batch(sandbox=weak, unconfined=True).code == 0
    # What was found out without confinement does not count where it is asked for.
    assert classroom.batch().jobs == ["checks ada"]


def test_the_same_class_gives_the_same_results_wherever_it_is_graded(classroom: Classroom) -> None:
    classroom.add("ada", RIGHT)
    classroom.add("ben", SUMS)
    classroom.batch(seed=9)
    first = {id: timeless(classroom.out / id / "result.json") for id in ("ada", "ben")}
    shutil.rmtree(classroom.out)
    classroom.batch(seed=9)
    assert {id: timeless(classroom.out / id / "result.json") for id in ("ada", "ben")} == first


def test_the_best_attempt_counts_where_that_is_asked_for(classroom: Classroom) -> None:
    classroom.add("ada-attempt-1", RIGHT)
    classroom.add("ada-attempt-2", SUMS)
    latest = classroom.batch()
    assert latest.jobs == ["checks ada"]
    assert classroom.result("ada").score == 60
    best = classroom.batch(attempt="best")
    assert best.jobs == ["checks ada-attempt-1"]
    with Journal(classroom.out) as journal:
        roll = journal.read_roll()
    assert roll is not None
    assert {member.id: member.counts for member in roll} == {"ada": False, "ada-attempt-1": True}
    page = (classroom.out / "index.html").read_text()
    assert "attempt 2: does not count" in page
    assert "1 submission, mean 100 %" in page


def test_a_batch_grades_as_grade_does(classroom: Classroom, warm_server: Server) -> None:
    path = classroom.add("ben", SUMS)
    classroom.batch(seed=SEED)
    with WarmChecks(classroom.lab, SEED) as checks:
        alone = Grading(classroom.lab, None, warm_server, checks, SEED, lambda message: None).grade(path)
    (classroom.out / "alone.json").write_bytes(encode(alone))
    together, single = timeless(classroom.out / "ben" / "result.json"), timeless(classroom.out / "alone.json")
    assert isinstance(together, dict)
    assert isinstance(single, dict)
    assert together.pop("delivery") != single.pop("delivery")
    assert together == single


def test_why_explains_each_miss_and_grades_nothing(classroom: Classroom, tmp_path: Path) -> None:
    lab = own_lab(tmp_path)
    classroom.add("ada", RIGHT)
    assert "it has no kept results" in why(classroom, lab)
    classroom.batch(lab=lab, seed=4)
    assert why(classroom, lab) == "checks: unchanged\n"
    assert "seed was 4 and is 6" in why(classroom, lab, seed=6)
    assert why(classroom, lab) == "checks: unchanged\n"
    tests = lab.folder / "tests" / "test_warmup.py"
    tests.write_text(tests.read_text().replace("mean == 2.125", "mean == 17 / 8"))
    assert why(classroom, lab) == "checks: warmup.mean_of_a_few_losses: the check changed\n"
    classroom.add("ada", SUMS)
    assert "the submission changed" in why(classroom, lab)
    with pytest.raises(UsageError, match="No submission with the id 'bob'"):
        why(classroom, lab, id="bob")


def why(classroom: Classroom, lab: Lab, *, id: str = "ada", seed: int | None = None) -> str:
    """Ask why a submission would be graded again."""
    text = io.StringIO()
    explain(Asked(lab, seed=seed), Class(classroom.folder, classroom.out), id, Console(file=text, width=400))
    return text.getvalue()


def own_lab(root: Path, name: str = "week00") -> Lab:
    """Copy week 00, to be changed."""
    for side in ("labs", "solutions"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(PROJECT / side / "week00", root / side / name, ignore=ignored, dirs_exist_ok=True)
    spec = root / "labs" / name / "lab.toml"
    spec.write_text(spec.read_text().replace('lab = "week00"', f'lab = "{name}"'))
    return find_lab(str(root / "labs" / name))
