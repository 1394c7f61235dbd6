from grader.checks import words
from grader.checks.calls import CallLog, show
from grader.render.comparison import compare
from grader.results import Example


def example_of(*arguments: object, names: dict[str, str] | None = None, **named: object) -> Example:
    log = CallLog(names=names or {})
    log.end(log.begin("join", arguments, named, "formatting"), 1)
    example = log.example()
    assert example is not None
    return example


def test_a_call_with_plain_arguments_is_three_lines_that_repeat_it() -> None:
    code = example_of({"input": 'a "b"\n'}, [1, 2.5, None], (3,), sep="😊").reproduce
    assert code.splitlines() == [
        "from formatting import join",
        "returned = join({'input': 'a \"b\"\\n'}, [1, 2.5, None], (3,), sep='😊')",
        "print(repr(returned))",
    ]
    compile(code, "snippet", "exec")


def test_what_is_no_plain_data_cannot_be_repeated() -> None:
    assert example_of(object()).reproduce == ""
    assert example_of([CallLog()]).reproduce == ""


def test_an_argument_that_is_shown_cut_cannot_be_repeated() -> None:
    assert example_of("x" * 5_000).reproduce == ""
    assert example_of(list(range(100))).reproduce == ""


def test_a_path_of_the_run_cannot_be_repeated() -> None:
    assert example_of("/inbox/pairs.jsonl", names={"/inbox/pairs.jsonl": "pairs.jsonl"}).reproduce == ""


def test_only_the_last_call_is_repeated() -> None:
    log = CallLog()
    log.end(log.begin("first", (1,), {}, "formatting"), 2)
    log.begin("second", (3,), {}, "formatting")
    example = log.example(traceback="")
    assert example is not None
    assert "second(3)" in example.reproduce
    assert "first" not in example.reproduce


def test_what_was_expected_may_be_told_in_words() -> None:
    example = Example(call="f()", returned=show(4), expected=show(words("at most 3")))
    assert example.expected == "at most 3"
    assert compare(example, 500).sentence == ""
