"""The line that an annotation points at, on real gradings' texts, and where a hostile text would like it to point."""

from pathlib import Path

import msgspec
import pytest

from grader.feedback.places import locate
from grader.lab import open_lab
from grader.lab.folders import PROJECT
from grader.render.annotations import Place
from grader.results import CheckResult, Example, Outcome, Result, sum_task
from tests.render.sample import SAMPLE

LAB = open_lab(PROJECT / "labs" / "week07")
FORMATTING = (
    "import json\n\n\ndef load_pairs(path):\n    return []\n\n\nasync def format_prompt(instruction):\n    pass\n"
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A checkout with a submission under labs/week07."""
    folder = tmp_path / "labs" / "week07"
    (folder / "data").mkdir(parents=True)
    (folder / "formatting.py").write_text(FORMATTING)
    (folder / "helper.py").write_text("x = 1\n" * 9)
    (folder / "data" / "train.jsonl").write_text("{}\n" * 5)
    (folder / "quiz.toml").write_text("\n")
    (folder / "training.py").mkdir()
    (tmp_path / "setup.py").write_text("\n" * 50)
    return tmp_path


def place(root: Path, id: str, path: Path | None = None, **told: str) -> Place | None:
    message = told.pop("message", "")
    example = Example(**({"call": "f()"} | told)) if told else None
    check = CheckResult(
        id=id, title="T", outcome=Outcome.FAILED, points=0, max_points=1, message=message, example=example
    )
    result: Result = msgspec.structs.replace(SAMPLE, tasks=[sum_task("t", "T", [check])])
    return locate(result, LAB, path or root / "labs" / "week07", root).places.get(id)


def test_the_innermost_of_the_students_own_lines_is_the_place(root: Path) -> None:
    trace = "formatting.py, line 4, in load_pairs\n    x()\nhelper.py, line 7, in x\n    y\nValueError: no"
    assert place(root, "formatting.a", traceback=trace) == Place("labs/week07/helper.py", 7)


def test_without_a_traceback_it_is_where_the_called_function_begins(root: Path) -> None:
    assert place(root, "formatting.a", call="load_pairs('pairs.jsonl')") == Place("labs/week07/formatting.py", 4)
    assert place(root, "formatting.a", call="formatting.format_prompt('x')") == Place("labs/week07/formatting.py", 8)
    assert place(root, "training.a", call="load_pairs('x')") == Place("labs/week07/formatting.py", 4)


def test_a_file_and_line_in_a_sentence_are_found(root: Path) -> None:
    said = "SyntaxError: formatting.py, line 5: invalid syntax in: return []"
    assert place(root, "formatting.a", message=said) == Place("labs/week07/formatting.py", 5)
    said = "data/train.jsonl, line 4 is not JSON: Expecting value at column 1."
    assert place(root, "data.a", message=said) == Place("labs/week07/data/train.jsonl", 4)
    assert place(root, "quiz.a", message="quiz.toml has no answer to 'x'.") == Place("labs/week07/quiz.toml", 1)


def test_the_module_itself_is_better_than_nothing(root: Path) -> None:
    assert place(root, "formatting.a", call="no_such_function()") == Place("labs/week07/formatting.py", 1)
    assert place(root, "lora_config.a", call="make_lora_config('gpt2')") is None
    assert place(root, "data.a", message="Somehow.") is None


@pytest.mark.parametrize(
    "name", ["/etc/passwd.py", "../../setup.py", "a/../../../setup.py", "x.py,line=1::error", "x.txt", "training.py",
             "C:\\x.py", "\x1b.py", "nothing.py", "labs/week07/formatting.py"],
)  # fmt: skip
def test_a_traceback_cannot_point_outside_the_submission(root: Path, name: str) -> None:
    trace = f"{name}, line 3, in f\n    x\nValueError: no"
    assert place(root, "data.a", traceback=trace) is None
    assert place(root, "data.a", message=f"{name}, line 3: no") is None


@pytest.mark.parametrize("line", ["0", "99", "999999"])
def test_a_line_that_is_not_there_is_no_place(root: Path, line: str) -> None:
    assert place(root, "data.a", traceback=f"helper.py, line {line}, in f\n") is None


def test_the_path_is_the_repositorys_wherever_the_command_was_pointed(root: Path) -> None:
    called = {"call": "load_pairs('x')"}
    assert place(root, "formatting.a", root, **called) == Place("labs/week07/formatting.py", 4)
    assert place(root / "labs" / "week07", "formatting.a", root / "labs" / "week07", **called) == Place(
        "formatting.py", 4
    )
    assert place(root / "labs", "formatting.a", root, **called) is None, "outside of the repository"
    assert place(root, "formatting.a", root / "setup.py", **called) is None, "an archive has no lines in a repository"
