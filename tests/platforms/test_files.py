"""Files for the platforms, whoever wrote them: the rules of each, and pairs that mean harm."""

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from grader.errors import SubmissionError, UsageError
from grader.lab import find_lab
from grader.platforms.catalog import BEDROCK_QUOTAS, PLATFORMS, READ, Service
from grader.platforms.command import Plan, run_check, run_export
from grader.platforms.facts import Source
from grader.platforms.files import find_mistakes, write_rows
from grader.platforms.tokens import choose_counter
from grader.training.heldout import Pair
from grader.training.pairs import read_file, read_pairs
from tests.cli.test_cli import complaint, grader

PLAN = Plan(epochs=3, dollars=None, today=date(2026, 11, 23))
TURN = [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]


def lines(*rows: object, times: int = 1) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows * times).encode()


def mistakes(service: Service, *rows: dict[str, Any]) -> list[str]:
    """What a service would refuse in rows of which there are enough."""
    found = find_mistakes(lines(*rows, *[{"messages": TURN}] * 10), "rows.jsonl", PLATFORMS[service])
    assert all("rows" not in each for each in found)
    return found


@pytest.mark.parametrize("service", Service)
@pytest.mark.parametrize("system", ["", "You are kind."])
def test_what_is_written_keeps_the_services_own_rules(service: Service, system: str) -> None:
    pairs = [Pair(f"Question {number}?", "An answer.") for number in range(10)]
    assert find_mistakes(write_rows(pairs, PLATFORMS[service], system), "own", PLATFORMS[service]) == []


def test_bedrock_takes_the_system_text_beside_the_messages() -> None:
    row = json.loads(write_rows([Pair("q", "a")], PLATFORMS[Service.BEDROCK], "Be kind."))
    assert row == {"system": "Be kind.", "messages": TURN}


@pytest.mark.parametrize(
    ("service", "row", "told"),
    [
        (Service.OPENAI, {"messages": []}, "no list of messages"),
        (Service.OPENAI, {"messages": ["q", "a"]}, "message 1 whose role"),
        (Service.OPENAI, {"messages": [TURN[0], {"role": "assistant", "content": 3}]}, "message 2 whose content"),
        (Service.OPENAI, {"messages": [TURN[0] | {"weight": 1}, TURN[1]]}, "not the assistant's"),
        (Service.OPENAI, {"messages": [TURN[0], TURN[1] | {"weight": True}]}, "neither 0 nor 1"),
        (Service.OPENAI, {"messages": [{"role": ["user"], "content": "q"}]}, "message 1 whose role"),
        (Service.BEDROCK, {"messages": TURN, "id": 1}, "a key 'id'"),
        (Service.BEDROCK, {"messages": [{"role": "system", "content": "s"}, *TURN]}, "beside the messages"),
        (Service.BEDROCK, {"messages": TURN[:1]}, "does not end"),
        (Service.BEDROCK, {"messages": [TURN[0], *TURN]}, "take turns"),
        (Service.BEDROCK, {"messages": TURN[::-1] + TURN[1:]}, "take turns"),
        (Service.BEDROCK, {"messages": TURN, "system": ""}, "'system' that is no text"),
        (Service.TOGETHER, {"messages": TURN, "text": "t"}, "mixes messages and text"),
        (Service.TOGETHER, {"prompt": "p"}, "no 'completion'"),
        (Service.TOGETHER, {"input": "i", "output": "o"}, "neither messages nor"),
        (Service.TOGETHER, {"text": " "}, "'text' that is no text"),
        (Service.ANYSCALE, {"messages": TURN[:1]}, "no message of the assistant"),
    ],
)
def test_a_row_against_the_rules_is_named_by_its_line(service: Service, row: dict[str, Any], told: str) -> None:
    (mistake,) = mistakes(service, row)
    assert mistake.startswith("line 1 ")
    assert told in mistake


@pytest.mark.parametrize("row", [{"prompt": "p", "completion": "c"}, {"text": "t"}])
def test_together_takes_prompts_and_plain_texts_too(row: dict[str, str]) -> None:
    assert find_mistakes(lines(row), "rows.jsonl", PLATFORMS[Service.TOGETHER]) == []


def test_too_few_rows_are_told_with_their_number() -> None:
    (mistake,) = find_mistakes(lines({"messages": TURN}, times=9), "rows.jsonl", PLATFORMS[Service.OPENAI])
    assert mistake == "there are 9 rows, and OpenAI takes 10 or more"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "holds no pairs"),
        (b'\n\n{"input": "q"}\n', "line 3: 'output' should be there"),
        (b'{"input": "q", "output": " "}', "line 1: 'output' should be there"),
        (b'{"input": "q", "output": ["a"]}', "line 1: 'output' should be there"),
        (b'[{"input": "q", "output": "a"}]', "line 1 is no object"),
        (b'{"input": "q", "output": "a"},', "line 1 is not JSON: Extra data at column 30"),
        (b'{"input": "q", "output": "\xff"}', "line 1 is not UTF-8 text (byte 27)"),
        (b'{"input": "q", "output": "\\ud83d"}', "half of a character"),
        (b"[" * 200_000, "line 1 is not JSON that can be read"),
        (b'{"n": ' + b"9" * 5_000 + b"}", "line 1 is not JSON that can be read"),
    ],
    ids=lambda value: value[:20] if isinstance(value, bytes) else None,
)
def test_hostile_pairs_are_refused_in_one_sentence_with_their_line(content: bytes, told: str) -> None:
    with pytest.raises(SubmissionError) as caught:
        read_pairs(content, "mine.jsonl")
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_pairs_are_read_as_the_contract_has_it() -> None:
    content = '\ufeff{"input": " q\u2028 ", "output": "a", "more": 1}\r\n\n{"input": "é", "output": "😊"}'.encode()
    assert read_pairs(content, "mine.jsonl") == [Pair(" q\u2028 ", "a"), Pair("é", "😊")]


def test_no_text_breaks_a_line_or_gives_a_runner_a_command() -> None:
    nasty = Pair("a\u2028b\u2029c\x85d\ne", '##[group]"}\n{"messages": []}')
    content = write_rows([nasty] * 10, PLATFORMS[Service.OPENAI])
    assert len(content.decode().splitlines()) == 10
    assert b"##[" not in content
    assert [message["content"] for message in json.loads(content.splitlines()[0])["messages"]] == [
        *(nasty.input, nasty.output)
    ]


def test_a_file_that_is_none_or_has_no_end_is_refused(tmp_path: Path) -> None:
    (tmp_path / "loop.jsonl").symlink_to(tmp_path / "loop.jsonl")
    (tmp_path / "big.jsonl").write_bytes(b" " * (1 << 20) + b"x")
    (tmp_path / "folder.jsonl").mkdir()
    for name in ("loop", "big", "folder", "nowhere"):
        with pytest.raises(SubmissionError):
            read_file(tmp_path / f"{name}.jsonl")
    with pytest.raises(SubmissionError, match="not a regular file"):
        read_file(Path("/dev/zero"))


def test_a_submission_without_pairs_is_told_so(tmp_path: Path) -> None:
    (tmp_path / "formatting.py").write_text("")
    with pytest.raises(SubmissionError, match=r"holds no data/train\.jsonl"):
        run_export(tmp_path, Service.OPENAI, "week07", "", PLAN, None)


def test_a_link_in_a_submission_leads_nowhere(tmp_path: Path) -> None:
    secret = tmp_path / "secret.jsonl"
    secret.write_bytes(lines({"input": "q", "output": "the secret"}, times=12))
    (tmp_path / "mine" / "data").mkdir(parents=True)
    (tmp_path / "mine" / "formatting.py").write_text("")
    (tmp_path / "mine" / "data" / "train.jsonl").symlink_to(secret)
    with pytest.raises(SubmissionError, match="holds no"):
        run_export(tmp_path / "mine", Service.OPENAI, "week07", "", PLAN, None)


def test_the_pairs_themselves_are_never_overwritten_and_nothing_bad_is_written(tmp_path: Path) -> None:
    pairs, out = tmp_path / "mine.jsonl", tmp_path / "out.jsonl"
    pairs.write_bytes(lines({"input": "q", "output": "a"}))
    with pytest.raises(UsageError, match="the file of pairs itself"):
        run_export(pairs, Service.TOGETHER, "week07", "", PLAN, pairs)
    with pytest.raises(SubmissionError, match="10 or more"):
        run_export(pairs, Service.OPENAI, "week07", "", PLAN, out)
    with pytest.raises(UsageError, match="blank"):
        run_export(pairs, Service.TOGETHER, "week07", "  ", PLAN, out)
    assert not out.exists()
    assert pairs.read_bytes() == lines({"input": "q", "output": "a"})


def test_cost_is_tokens_times_epochs_times_a_price_that_somebody_read(tmp_path: Path) -> None:
    rows = tmp_path / "rows.jsonl"
    rows.write_bytes(lines({"text": "one two three"}, times=1000))
    tokens = 1000 * choose_counter(find_lab("week07")).count("one two three")
    report = run_check(rows, Service.TOGETHER, "week07", Plan(2, 5.0, PLAN.today))
    assert f"about {tokens:,}, an estimate" in "\n".join(report)
    assert f"about ${tokens * 2 * 5 / 1e6:,.4f} for 2 epochs at $5.00" in "\n".join(report)
    assert "no price is known here" in "\n".join(run_check(rows, Service.TOGETHER, "week07", PLAN))


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["nowhere"], "nowhere"),
        (["labs/week07"], "there are 3 rows, and OpenAI takes 10 or more"),
        (["labs/week00", "--lab", "week00"], "has no file of pairs"),
        (["solutions/week07", "--price", "inf"], "--price inf is no price"),
        (["solutions/week07", "--system", "\udcff"], "--system holds bytes"),
        (["solutions/week07", "--out", "/proc/nowhere/rows.jsonl"], "cannot be written"),
        (["fixtures/growth/pairs.jsonl", "--check"], "line 1 has no list of messages; line 2"),
    ],
)
def test_a_mistake_in_the_command_ends_with_2_and_one_sentence(args: list[str], told: str) -> None:
    ended = grader("export-data", *args, "--to", "openai", COLUMNS="200")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert told in complaint(ended)


def test_a_row_that_may_be_too_long_is_told_and_not_refused(tmp_path: Path) -> None:
    rows = tmp_path / "rows.jsonl"
    rows.write_bytes(lines({"messages": [TURN[0] | {"content": "word " * 40_000}, TURN[1]]}))
    report = run_check(rows, Service.BEDROCK, "week07", PLAN)
    assert "  By the estimate these lines have more: 1." in report


def test_a_source_that_could_not_be_read_again_claims_no_day() -> None:
    assert str(Source("an old note")) == "an old note"
    assert str(Source("a page", READ)) == f"a page, read {READ}"


def test_each_fact_has_a_source_and_the_day_it_was_read() -> None:
    for platform in PLATFORMS.values():
        facts = [*platform.rules, *platform.changes, platform.fewest_rows, platform.most_rows, platform.most_tokens]
        for source in [fact.source for fact in [*facts, platform.price] if fact]:
            assert source.page
            assert source == BEDROCK_QUOTAS or (source.read and date(2026, 1, 1) <= source.read <= READ)
        assert platform.price_page.startswith("https://")


def test_what_is_closed_depends_on_the_day() -> None:
    openai, last = PLATFORMS[Service.OPENAI], date(2027, 1, 6)
    assert not any("is closed" in each for each in openai.standing(last - timedelta(days=1)))
    assert openai.standing(last)[0] == "OpenAI is closed: the file is for practice."
    assert sum(each.startswith("Since") for each in openai.standing(date(2026, 6, 1))) == 1
    assert PLATFORMS[Service.ANYSCALE].standing(PLAN.today)[0].startswith("Anyscale Endpoints is closed")
    assert PLATFORMS[Service.BEDROCK].standing(PLAN.today)[0].startswith("Claude on Amazon Bedrock is closed")
    assert PLATFORMS[Service.TOGETHER].standing(PLAN.today) == ["No end of Together AI is known here."]
