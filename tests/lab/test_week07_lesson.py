"""What week 07 says to students agrees with what it does: links, points, docstrings, worked examples, the quiz."""

import ast
import doctest
import importlib.util
import re
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

from grader.lab import find_lab
from grader.worker.probes import load_model, load_tokenizer
from tests.lab.markdown import anchors, ordered_anchors

LAB = find_lab("week07")
ROOT = LAB.folder.parents[1]
REFERENCE = ROOT / "solutions/week07"
README = (LAB.folder / "README.md").read_text(encoding="utf-8")
MODULES = ("formatting", "lora_config", "training", "evaluation")
TINY = str(ROOT / "fixtures/tiny-gpt2")


def test_every_lesson_that_a_check_names_is_there() -> None:
    sources = [*LAB.folder.glob("tests/*.py"), *REFERENCE.glob("tests/*.py"), LAB.folder / "lab.toml"]
    linked = {
        name for path in sources for name in re.findall(r'README\.md#([\w-]+)"', path.read_text(encoding="utf-8"))
    }
    linked |= set(re.findall(r"\]\(#([\w-]+)\)", README))
    assert linked - anchors(LAB.folder / "README.md") == set()


def test_in_spanish_a_check_names_the_same_section_of_the_spanish_lesson() -> None:
    texts = LAB.language("es").texts
    told = {english: there for english, there in texts.items() if english.startswith("README.md#")}
    english_page, spanish_page = LAB.folder / "README.md", LAB.folder / "README.es.md"
    assert len(told) > 10
    assert {f"README.md#{anchor}" for anchor in anchors(english_page)} >= told.keys()
    assert {f"README.es.md#{anchor}" for anchor in anchors(spanish_page)} >= set(told.values())
    order = [[f"{page.name}#{anchor}" for anchor in ordered_anchors(page)] for page in (english_page, spanish_page)]
    assert told == {english: there for english, there in zip(*order, strict=True) if english in told}


def test_the_page_gives_each_task_its_points() -> None:
    told = {module: float(points) for module, points in re.findall(r"\| `([\w./]+)` \| (\d+) \|", README)}
    files = {"data": "data/train.jsonl", "quiz": "quiz.toml"}
    expected = {files.get(task.name, f"{task.module}.py"): sum(task.points_by_id().values()) for task in LAB.spec.tasks}
    assert told == expected


def _described(path: Path) -> dict[str, tuple[str, str | None]]:
    """Return each public function's signature and docstring."""
    functions = [node for node in ast.parse(path.read_text(encoding="utf-8")).body if isinstance(node, ast.FunctionDef)]
    return {
        node.name: (
            f"({ast.unparse(node.args)}) -> {ast.unparse(node.returns) if node.returns else ''}",
            ast.get_docstring(node),
        )
        for node in functions
        if not node.name.startswith("_")
    }


@pytest.mark.parametrize("module", MODULES)
def test_a_stub_promises_what_the_reference_does(module: str) -> None:
    assert _described(LAB.folder / f"{module}.py") == _described(REFERENCE / f"{module}.py")


@pytest.mark.parametrize("module", MODULES)
def test_a_stub_holds_no_answer(module: str) -> None:
    tree = ast.parse((LAB.folder / f"{module}.py").read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            _, last = node.body
            assert re.match(r"raise NotImplementedError\(['\"]task \d\.\d: ", ast.unparse(last))


def _load(module: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"reference_{module}", REFERENCE / f"{module}.py")
    assert spec is not None
    assert spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


@pytest.mark.parametrize(("module", "given"), [("formatting", "tokenizer"), ("lora_config", "model")])
@pytest.mark.filterwarnings("ignore")
def test_the_worked_examples_come_out_as_printed(module: str, given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(LAB.folder)
    reference = _load(module)
    for test in doctest.DocTestFinder().find(reference):
        value = load_tokenizer(TINY) if given == "tokenizer" else load_model(TINY)
        test.globs = vars(reference) | {given: value}
        result = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test)
        assert result.failed == 0, test.name


def test_the_quiz_asks_students_what_the_reference_answers() -> None:
    asked = tomllib.loads((LAB.folder / "quiz.toml").read_text(encoding="utf-8"))
    answered = tomllib.loads((REFERENCE / "quiz.toml").read_text(encoding="utf-8"))
    right = tomllib.loads((REFERENCE / "heldout/quiz_answers.toml").read_text(encoding="utf-8"))
    assert {name: question["answer"] for name, question in asked.items()} == dict.fromkeys(right, "")
    assert {name: question["answer"] for name, question in answered.items()} == {
        n: a["answer"] for n, a in right.items()
    }
    for name, question in asked.items():
        assert question | {"answer": right[name]["answer"]} == answered[name]


def test_a_quiz_hint_names_no_letter() -> None:
    right = tomllib.loads((REFERENCE / "heldout/quiz_answers.toml").read_text(encoding="utf-8"))
    for question in right.values():
        assert not re.search(rf"\b{question['answer']}\b[):.]", question["hint"])
