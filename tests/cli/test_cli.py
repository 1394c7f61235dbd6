"""The command line as a person meets it: exit codes, what goes to stdout, one sentence for every mistake."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from grader.lab.folders import PROJECT
from grader.results import decode


def grader(*args: str, cwd: Path = PROJECT, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run the real command in a process of its own."""
    command = [sys.executable, "-m", "grader", *args]
    env = os.environ | environment
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=300)


def complaint(ended: "subprocess.CompletedProcess[str]") -> str:
    """What stderr says, without line breaks."""
    assert "Traceback" not in ended.stderr
    return " ".join(ended.stderr.split())


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["grade", "nowhere"], "nowhere"),
        (["grade", "docs"], "formatting.py"),
        (["grade", "solutions/week07", "--lab", "week99"], "No lab named 'week99'"),
        (["grade", "solutions/week07", "--model", "gpt-17"], "No model named 'gpt-17'"),
        (["grade", "solutions/week07", "--device", "tpu"], "'tpu' is not one of"),
        (["models", "fetch", "gpt-17"], "No model named 'gpt-17'"),
        (["assign", "week07", "docs"], "docs is there already"),
        (["selftest", "week00"], "selftest.toml is missing"),
        (["selftest", "week07", "--only", "nobody"], "No sample"),
        (["batch", "nowhere"], "nowhere"),
        (["batch", "fixtures/submissions/demo", "--shard", "1/3"], "--shard needs --seed"),
        (["batch", "fixtures/submissions/demo", "--shard", "4/3", "--seed", "1"], "name a part as i/n"),
        (["batch", "fixtures/submissions/demo", "--engine", "slurm"], "'slurm' is not"),
        (["batch", "fixtures/submissions/demo", "--jobs", "0"], "'--jobs'"),
        (["merge", "docs"], "holds no parts"),
        (["export", "reports/sample", "--to", "excel"], "Invalid value for '--to': 'excel' is not one of"),
        (["frob"], "No such command 'frob'. There is grade, batch, merge, export, "),
        (["grad"], "No such command 'grad'. Did you mean 'grade'? There is grade, "),
        (["feedback", "frob"], "No such command 'frob'. There is grade, comment."),
    ],
)
def test_a_mistake_in_the_command_ends_with_2_and_one_sentence(args: list[str], told: str) -> None:
    ended = grader(*args, COLUMNS="200")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert told in complaint(ended)


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["nowhere"], "nowhere: there is nothing here to read"),
        (["docs"], "hand in the folder that holds them."),
        (["solutions/week00"], "hand in the folder that holds them. Its files are those of week00: add --lab week00."),
        (["solutions/week07", "--lab", "week00"], "Its files are those of week07: add --lab week07."),
        (["solutions/week07", "--lab", "week99"], "No lab named 'week99'"),
        (["solutions/week07", "--lang", "xx"], "'xx' is not one of"),
    ],
)
def test_what_cannot_be_graded_is_said_before_anything_starts(args: list[str], told: str) -> None:
    ended = grader("grade", *args, COLUMNS="200")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert told in complaint(ended)
    assert "warm server" not in ended.stderr
    assert ("Its files" in ended.stderr) == ("Its files" in told)


def test_the_help_of_a_flag_names_no_type() -> None:
    ended = grader("batch", "--help", COLUMNS="200")
    assert ended.returncode == 0
    assert "bool" not in ended.stdout
    assert "i/n" in ended.stdout


def test_a_damaged_lab_toml_ends_with_2_and_names_the_place(tmp_path: Path) -> None:
    lab = tmp_path / "labs" / "mini"
    lab.mkdir(parents=True)
    (lab / "lab.toml").write_text('lab = "mini"\ntitle = 3\n')
    ended = grader("grade", str(PROJECT / "solutions" / "week07"), "--lab", "mini", cwd=tmp_path)
    assert ended.returncode == 2
    assert "title: Input should be a valid string" in complaint(ended)
    assert "tasks: Field required" in complaint(ended)


def test_json_on_stdout_is_the_result_and_nothing_else(tmp_path: Path) -> None:
    ended = grader(
        *("grade", "solutions/week00", "--lab", "week00", "--format", "json", "--seed", "3", "--out", str(tmp_path))
    )
    assert ended.returncode == 0
    result = decode(ended.stdout.encode())
    assert (result.lab, result.score, result.seed) == ("week00", 100, 3)
    assert json.loads((tmp_path / "week00" / "week00" / "result.json").read_text()) == json.loads(ended.stdout)


def test_fail_under_decides_between_0_and_1(tmp_path: Path) -> None:
    said = "Below the threshold: 0 of the 50 points needed.\n"
    for limit, code, told in (("0", 0, False), ("50", 1, True)):
        ended = grader("grade", "labs/week00", "--lab", "week00", "--out", str(tmp_path), "--fail-under", limit)
        assert ended.returncode == code, ended.stderr
        assert (said in ended.stderr) is told


def test_a_score_below_the_threshold_is_said_in_the_summary_and_not_in_the_json(tmp_path: Path) -> None:
    wanted = ["grade", "labs/week00", "--lab", "week00", "--out", str(tmp_path), "--fail-under", "50", "--lang", "es"]
    summary = tmp_path / "summary.md"
    grader(*wanted, "--format", "github", GITHUB_STEP_SUMMARY=str(summary))
    assert summary.read_text().endswith("\nPor debajo del umbral: 0 de los 50 puntos necesarios.\n")
    ended = grader(*wanted, "--format", "json")
    assert decode(ended.stdout.encode()).score == 0
    assert "Por debajo del umbral" in ended.stderr


def test_the_models_are_listed_with_their_state() -> None:
    ended = grader("models", COLUMNS="160")
    assert ended.returncode == 0
    for name in ("tiny-gpt2", "smollm2-135m", "gpt2", "mistral-7b", "llama-2-7b"):
        assert name in ended.stdout
    assert "bundled" in ended.stdout


def test_doctor_says_how_this_machine_stands() -> None:
    ended = grader("doctor", COLUMNS="160")
    assert ended.returncode in (0, 1)
    assert "Python" in ended.stdout
    assert "landlock" in ended.stdout or "namespaces" in ended.stdout or "process" in ended.stdout


def test_a_class_page_is_in_the_language_asked_for_and_names_what_cannot_be_imported(tmp_path: Path) -> None:
    for name, source in (
        ("ada", "def steps_per_epoch(:\n"),
        ("ben", "def steps_per_epoch(a, b):\n    return a // b\n"),
    ):
        (tmp_path / "class" / name).mkdir(parents=True)
        (tmp_path / "class" / name / "warmup.py").write_text(source)
    where = ["--lab", "week00", "--out", str(tmp_path / "out"), "--allow-unconfined"]
    ended = grader("batch", str(tmp_path / "class"), *where, "--lang", "es")
    assert ended.returncode == 0, ended.stderr
    page = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    assert '<html lang="es">' in page
    assert "<h1>Calentamiento</h1>" in page
    rows = re.findall(r'<td class="told">(.*?)</td>', page)
    assert rows[:2] == ["Arregla warmup.py: no se puede importar", "Cada ejemplo tiene su paso"]
    # Beside it the mistake that tells of the check: the broken file is counted apart, in each of the five checks.
    assert rows[2].startswith("20 ejemplos en lotes de 8 son 8 + 8 + 4"), rows[2]
    assert "(1 de 1)" in rows[2]
    assert page.count("1 archivo que no se puede importar") == 5
    mistakes = page[page.index('id="mistakes"') :] if 'id="mistakes"' in page else ""
    assert "warmup.py no se puede importar" not in mistakes  # one submission's, though five checks of it failed
