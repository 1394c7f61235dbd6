"""The doctor says what is the case on a machine, whether it matters, and how to mend it."""

import io

import pytest
from packaging.requirements import Requirement
from rich.console import Console

from grader import doctor
from grader.doctor import Finding, Verdict
from grader.lab import find_lab
from grader.results import SandboxInfo
from grader.training.devices import Gpu
from grader.training.status import ModelStatus, model_status


def package(line: str, found: str | None) -> dict[str, tuple[Requirement, str | None]]:
    requirement = Requirement(line)
    return {requirement.name: (requirement, found)}


@pytest.mark.parametrize(
    ("found", "pinned", "verdict", "fact"),
    [
        ("2.9.0", {}, Verdict.OK, "all 1 are here"),
        (None, {}, Verdict.BROKEN, "torch is missing"),
        ("2.7.1", {}, Verdict.BROKEN, "torch 2.7.1 is not >=2.8"),
        ("2.13.0+cpu", {"torch": "2.13.0"}, Verdict.OK, "all 1 are here"),
        ("2.12.0", {"torch": "2.13.0"}, Verdict.NOTE, "torch 2.12.0 (tested with 2.13.0)"),
    ],
)
def test_libraries_are_judged_by_the_requirement_and_by_the_pin(
    found: str | None, pinned: dict[str, str], verdict: Verdict, fact: str
) -> None:
    [finding] = doctor.judge_packages(package("torch>=2.8", found), pinned)
    assert (finding.verdict, finding.fact) == (verdict, fact)
    assert bool(finding.mend) == (verdict is not Verdict.OK)


def test_a_project_that_is_not_installed_is_told_how_to_be() -> None:
    [finding] = doctor.judge_packages({}, {"torch": "2.13.0"})
    assert finding.verdict is Verdict.BROKEN
    assert finding.mend == "pip install -c constraints.txt -e ."


@pytest.mark.parametrize(
    ("finding", "verdict"),
    [
        (doctor.judge_python((3, 11, 0)), Verdict.OK),
        (doctor.judge_python((3, 10, 9)), Verdict.BROKEN),
        (doctor.judge_machine(2, 8.0, 10.0), Verdict.OK),
        (doctor.judge_machine(2, 2.0, 10.0), Verdict.NOTE),
        (doctor.judge_machine(64, 500.0, 0.2), Verdict.BROKEN),
        (doctor.judge_gpu(None), Verdict.NOTE),
        (doctor.judge_gpu(Gpu("A card", 70.0, 80.0)), Verdict.OK),
        (doctor.judge_sandbox(None), Verdict.BROKEN),
        (doctor.judge_sandbox(SandboxInfo(level="process", missing=["landlock: not offered"])), Verdict.NOTE),
        (doctor.judge_sandbox(SandboxInfo(level="landlock", mechanisms=["seccomp"])), Verdict.OK),
        (doctor.judge_browser(None), Verdict.NOTE),
        (doctor.judge_browser("/usr/bin/chromium"), Verdict.OK),
    ],
)
def test_only_what_stops_the_grader_is_broken(finding: Finding, verdict: Verdict) -> None:
    assert finding.verdict is verdict
    assert finding.fact


@pytest.mark.parametrize(
    ("state", "verdict", "mend"),
    [
        ("bundled", Verdict.OK, ""),
        ("installed", Verdict.OK, ""),
        ("grader models fetch a-model", Verdict.NOTE, "grader models fetch a-model"),
        ("missing", Verdict.BROKEN, "fetch this project anew: the model's folder is part of it"),
    ],
)
def test_a_model_that_is_not_here_comes_with_its_command(state: str, verdict: Verdict, mend: str) -> None:
    [finding] = doctor.judge_models([ModelStatus("a-model", state, 124.4, 2.1, "MIT")])
    assert (finding.verdict, finding.mend) == (verdict, mend)
    assert "missing" in finding.fact or "124 M parameters, 2.1 GiB" in finding.fact


def test_every_state_that_a_model_of_this_project_has_is_known() -> None:
    states = {status.state for status in model_status(find_lab(None))}
    assert {state for state in states if not state.startswith("grader models fetch ")} <= doctor.READY


def test_this_machine_is_examined_and_nothing_is_left_out() -> None:
    subjects = [finding.subject for finding in doctor.examine(None)]
    assert subjects[:5] == ["Python", "Libraries", "Machine", "CUDA", "Confinement"]
    assert "Model tiny-gpt2" in subjects
    assert subjects[-1] == "Chromium"


@pytest.mark.parametrize("verdict", Verdict)
def test_the_exit_code_and_the_last_line_say_whether_all_is_well(
    verdict: Verdict, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "examine", lambda lab: [Finding("Disk", verdict, "[red]full[/]", "free some")])
    printed = io.StringIO()
    code = doctor.print_doctor(None, Console(file=printed, width=100))
    assert code == (verdict is Verdict.BROKEN)
    assert "[red]full[/]" in printed.getvalue()
    assert "→ free some" in printed.getvalue()
    assert ("To mend first: Disk." in printed.getvalue()) == (verdict is Verdict.BROKEN)
