"""The file for OpenAI, taken by OpenAI's own client to a server that speaks its API: as docs/platforms.md shows it."""

import json
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from openai import AuthenticationError, OpenAI

from grader.lab.folders import PROJECT
from grader.platforms.catalog import PLATFORMS, Service
from grader.platforms.files import find_mistakes
from tests.cli.test_cli import complaint, grader
from tests.platforms.fine_tuning_server import KEY, FineTuning, serve

PAGE = PROJECT / "docs" / "platforms.md"


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[FineTuning]:
    """The local server, which the client finds in its environment."""
    with serve() as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.address)
        monkeypatch.setenv("OPENAI_API_KEY", KEY)
        yield server


def code_block() -> str:
    """Return the page's one block of Python."""
    blocks = PAGE.read_text(encoding="utf-8").split("```python\n")[1:]
    assert len(blocks) == 1
    return blocks[0].partition("```")[0]


def start_job(content: bytes, folder: Path) -> tuple[str, str]:
    """Upload a file and start a job as the page does; return how it ended and what was said of it."""
    (folder / "openai.jsonl").write_bytes(content)
    known: dict[str, object] = {}
    exec(code_block(), known)
    job = known["job"]
    return getattr(job, "status", ""), str(getattr(getattr(job, "error", None), "message", ""))


def test_the_real_client_uploads_what_the_pages_command_wrote_and_the_job_ends_well(
    service: FineTuning, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    pairs = PROJECT / "solutions" / "week07" / "data" / "train.jsonl"
    shutil.copytree(pairs.parent, tmp_path / "labs" / "week07" / "data")
    command = shlex.split(PAGE.read_text(encoding="utf-8").split("```\n")[1])
    ended = grader(*command[1:], cwd=tmp_path)
    assert ended.returncode == 0, complaint(ended)
    content = (tmp_path / "openai.jsonl").read_bytes()
    assert start_job(content, tmp_path) == ("succeeded", "")
    assert list(service.files.values()) == [content]
    sent = [json.loads(line)["messages"] for line in content.splitlines()]
    asked = [json.loads(line) for line in pairs.read_text(encoding="utf-8").splitlines()]
    assert [messages[1]["content"] for messages in sent] == [pair["input"] for pair in asked]
    assert [messages[2]["content"] for messages in sent] == [pair["output"] for pair in asked]
    assert {messages[0]["content"] for messages in sent} == {"You answer for a plant shop."}


ROW = '{"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"%s}]}\n'


@pytest.mark.parametrize(
    "content",
    [
        ROW % "" * 9,
        ROW % "" * 9 + ROW % ', "weight": 2',
        ROW % "" * 9 + '{"messages": [{"role": "user", "content": "q"}]}\n',
        ROW % "" * 9 + ROW.replace("assistant", "robot") % "",
        ROW % "" * 9 + ROW.replace('"q"', '" "') % "",
    ],
    ids=["nine rows", "a weight of 2", "no answer", "an unknown role", "a blank question"],
)
def test_what_the_service_refuses_is_refused_here_before(
    service: FineTuning, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str
) -> None:
    monkeypatch.chdir(tmp_path)
    status, message = start_job(content.encode(), tmp_path)
    assert (status, bool(message)) == ("failed", True)
    assert len(find_mistakes(content.encode(), "rows.jsonl", PLATFORMS[Service.OPENAI])) == 1


def test_the_server_takes_no_stranger(service: FineTuning) -> None:
    with pytest.raises(AuthenticationError):
        OpenAI(api_key="another", max_retries=0).files.create(file=b"{}", purpose="fine-tune")
    assert service.files == {}
