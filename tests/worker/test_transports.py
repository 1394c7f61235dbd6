"""Both transports: the same call ends the same way in process and in a worker."""

import warnings
from pathlib import Path

import pytest

from grader.errors import HarnessError
from grader.worker import Died, Handle, NotAttempted, StudentError, TimedOut, WorkerLimits

from .conftest import MakeSource, OpenTransport

SECONDS = 20.0


def test_plain_data_makes_the_round_trip(make_source: MakeSource, open_transport: OpenTransport) -> None:
    transport = open_transport(make_source(formatting="def echo(*args, **kwargs): return [args, kwargs]"))
    value: list[object] = [None, True, 2**64 - 1, -1.5, "né\n🙂", b"\x00\xff", [], {"a": {"b": [1]}}]
    assert transport.call("formatting", "echo", value, {"k": (1,)}, seconds=SECONDS) == [value, {"k": [1]}]


def test_a_students_change_of_an_argument_stays_there(make_source: MakeSource, open_transport: OpenTransport) -> None:
    transport = open_transport(make_source(formatting="def spoil(rows):\n    rows.append(1)\n    return rows"))
    rows = [0]
    assert transport.call("formatting", "spoil", [rows], {}, seconds=SECONDS) == [0, 1]
    assert rows == [0]


def test_an_object_stays_behind_and_comes_back_as_itself(
    make_source: MakeSource, open_transport: OpenTransport
) -> None:
    text = (
        "class Box:\n    pass\nbox = Box()\ndef make(): return {'in': [box]}\ndef known(x): return x['deep'][0] is box"
    )
    transport = open_transport(make_source(formatting=text))
    made = transport.call("formatting", "make", [], {}, seconds=SECONDS)
    assert isinstance(made, dict)
    handle = made["in"][0]
    assert isinstance(handle, Handle)
    assert (handle.kind, handle.ancestry) == ("Box", ["Box", "object"])
    assert transport.call("formatting", "known", [{"deep": [handle]}], {}, seconds=SECONDS) is True


def test_objects_that_nobody_refers_to_are_forgotten(make_source: MakeSource, open_transport: OpenTransport) -> None:
    text = (
        "import weakref\nclass Box: pass\nalive = weakref.WeakSet()\n"
        "def make():\n    box = Box()\n    alive.add(box)\n    return box\n"
        "def count(): return len(alive)"
    )
    transport = open_transport(make_source(formatting=text))
    for _ in range(5):
        kept = transport.call("formatting", "make", [], {}, seconds=SECONDS)
    assert transport.call("formatting", "count", [], {}, seconds=SECONDS) == 1
    assert isinstance(kept, Handle)


def test_integers_and_text_that_cannot_cross_become_handles(
    make_source: MakeSource, open_transport: OpenTransport
) -> None:
    transport = open_transport(make_source(formatting="def odd(): return [2**70, '\\ud83d', {'\\ud83d': 1}]"))
    result = transport.call("formatting", "odd", [], {}, seconds=SECONDS)
    assert isinstance(result, list)
    assert [handle.kind for handle in result] == ["int", "str", "dict"]


@pytest.mark.parametrize("argument", [2**70, "\ud83d", object(), {1, 2}], ids=["big", "surrogate", "object", "set"])
def test_an_argument_that_cannot_cross_is_our_fault(
    argument: object, make_source: MakeSource, open_transport: OpenTransport
) -> None:
    transport = open_transport(make_source(formatting="def f(x): return x"))
    with pytest.raises(HarnessError, match="cannot be sent"):
        transport.call("formatting", "f", [[argument]], {}, seconds=SECONDS)


def test_a_handle_of_another_worker_is_our_fault(make_source: MakeSource, open_transport: OpenTransport) -> None:
    source = make_source(formatting="def f(x=None): return x or object()")
    handle = open_transport(source).call("formatting", "f", [], {}, seconds=SECONDS)
    with pytest.raises(HarnessError, match="belongs to another worker"):
        open_transport(source).call("formatting", "f", [handle], {}, seconds=SECONDS)


def test_an_exception_crosses_by_ancestry(make_source: MakeSource, open_transport: OpenTransport) -> None:
    text = "import json\nclass Mine(KeyError): pass\ndef a(): json.loads('{')\ndef b(): raise Mine('key')"
    transport = open_transport(make_source(formatting=text))
    with pytest.raises(ValueError, match="Expecting property name") as first:
        transport.call("formatting", "a", [], {}, seconds=SECONDS)
    with pytest.raises(KeyError) as second:
        transport.call("formatting", "b", [], {}, seconds=SECONDS)
    assert isinstance(first.value, StudentError)
    assert first.value.kind == "JSONDecodeError"
    assert isinstance(second.value, StudentError)
    assert second.value.kind == "Mine"


def test_a_traceback_shows_the_students_frames_and_no_path(
    make_source: MakeSource, open_transport: OpenTransport
) -> None:
    source = make_source(
        formatting="import json\nimport tools\n\ndef f():\n    return tools.load('{')\n",
        tools="import json\n\ndef load(text):\n    return json.loads(text)\n",
    )
    with pytest.raises(StudentError) as caught:
        open_transport(source).call("formatting", "f", [], {}, seconds=SECONDS)
    assert caught.value.traceback == (
        "formatting.py, line 5, in f\n    return tools.load('{')\n"
        "tools.py, line 4, in load\n    return json.loads(text)\n"
        "JSONDecodeError: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"
    )


def test_messages_hold_no_path_and_no_address(make_source: MakeSource, open_transport: OpenTransport) -> None:
    text = (
        "def f(path): open(path + '/missing.txt')\n"
        "def g(): raise ValueError(f'bad {object()}')\n"
        "def h(): raise ValueError(__file__)"
    )
    source = make_source(formatting=text)
    transport = open_transport(source)
    folder = transport.new_folder("out")
    messages = []
    for name, args in (("f", [folder]), ("g", []), ("h", [])):
        with pytest.raises(StudentError) as caught:
            transport.call("formatting", name, args, {}, seconds=SECONDS)
        messages.append(caught.value.message)
    assert messages == [
        "[Errno 2] No such file or directory: 'out/missing.txt'",
        "bad <object object at 0x…>",
        "formatting.py",
    ]


def test_a_warning_is_no_error(make_source: MakeSource, open_transport: OpenTransport) -> None:
    text = "import warnings\ndef f():\n    warnings.warn('old', FutureWarning)\n    return 1"
    with warnings.catch_warnings(record=True):
        assert open_transport(make_source(formatting=text)).call("formatting", "f", [], {}, seconds=SECONDS) == 1


def test_a_long_recursion_is_told_briefly(make_source: MakeSource, open_transport: OpenTransport) -> None:
    transport = open_transport(make_source(formatting="def f(n=0): return f(n + 1)"))
    with pytest.raises(RecursionError) as caught:
        transport.call("formatting", "f", [], {}, seconds=SECONDS)
    assert isinstance(caught.value, StudentError)
    assert "frames left out" in caught.value.traceback
    assert len(caught.value.traceback) < 4200


def test_a_stub_is_not_attempted(make_source: MakeSource, open_transport: OpenTransport) -> None:
    source = make_source(
        formatting="def f():\n    raise NotImplementedError('task 1.2: write f')",
        training="from formatting import f\ndef fine_tune():\n    return f()",
    )
    transport = open_transport(source)
    for module, function in (("formatting", "f"), ("training", "fine_tune")):
        with pytest.raises(NotAttempted, match=r"task 1\.2"):
            transport.call(module, function, [], {}, seconds=SECONDS)


def test_a_librarys_not_implemented_error_is_an_error(make_source: MakeSource, open_transport: OpenTransport) -> None:
    transport = open_transport(make_source(formatting="import io\ndef f(): return io.BufferedIOBase().__class__.mro()\n"
                                           "import selectors\ndef g():\n    import asyncio\n"
                                           "    asyncio.AbstractEventLoop().run_forever()"))  # fmt: skip
    with pytest.raises(NotImplementedError) as caught:
        transport.call("formatting", "g", [], {}, seconds=SECONDS)
    assert isinstance(caught.value, StudentError)


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("def f(:\n    pass", "SyntaxError", r"formatting\.py, line 1: invalid syntax in: def f\(:"),
        ("def f():\npass", "IndentationError", r"formatting\.py, line 2: expected an indented block"),
        ("import no_such_library", "ModuleNotFoundError", "No module named 'no_such_library'"),
        ("raise RuntimeError('at import')", "RuntimeError", "at import"),
        ("import sys\nsys.exit(3)", "SystemExit", r"called exit\(3\)"),
        ("def g(): pass", "AttributeError", r"has no function f; it has g\."),
        ("f = 3", "AttributeError", "is a int, and a function is needed"),
    ],
)
def test_a_module_that_cannot_be_used_is_told_in_words(
    text: str, kind: str, words: str, make_source: MakeSource, open_transport: OpenTransport
) -> None:
    transport = open_transport(make_source(formatting=text))
    with pytest.raises(StudentError, match=words) as caught:
        transport.call("formatting", "f", [], {}, seconds=SECONDS)
    assert caught.value.kind == kind


def test_a_misnamed_function_and_module_are_guessed(make_source: MakeSource, open_transport: OpenTransport) -> None:
    transport = open_transport(make_source(formating="", tools="def load_pair(): pass"))
    with pytest.raises(
        ModuleNotFoundError, match=r"no formatting\.py .* it has formating, tools\. Did you mean formating"
    ):
        transport.call("formatting", "f", [], {}, seconds=SECONDS)
    with pytest.raises(AttributeError, match=r"no function load_pairs; it has load_pair\. Did you mean load_pair\?"):
        transport.call("tools", "load_pairs", [], {}, seconds=SECONDS)


def test_an_endless_loop_times_out(make_source: MakeSource, open_transport: OpenTransport) -> None:
    text = "def f():\n    while True:\n        try:\n            pass\n        except: pass"
    with pytest.raises(TimedOut, match=r"No answer within 0\.3 s"):
        open_transport(make_source(formatting=text)).call("formatting", "f", [], {}, seconds=0.3)


def test_a_reply_over_the_limit_is_died(make_source: MakeSource, open_transport: OpenTransport) -> None:
    transport = open_transport(make_source(formatting="def f(): return 'x' * 2**21"), WorkerLimits(reply_mb=1))
    with pytest.raises(Died, match="larger than 1 MiB"):
        transport.call("formatting", "f", [], {}, seconds=SECONDS)


def test_files_go_in_and_come_out(make_source: MakeSource, open_transport: OpenTransport) -> None:
    text = (
        "from pathlib import Path\n"
        "def copy(file, folder):\n"
        "    inner = Path(folder) / 'inner'\n    inner.mkdir()\n"
        "    (inner / 'copy.txt').write_bytes(Path(file).read_bytes() * 2)"
    )
    transport = open_transport(make_source(formatting=text))
    file, folder = transport.put_file("pairs.jsonl", b"one\r\n"), transport.new_folder("out")
    transport.call("formatting", "copy", [file, folder], {}, seconds=SECONDS)
    assert transport.collect(folder) == {"inner/copy.txt": b"one\r\none\r\n"}
    assert Path(file).name == "pairs.jsonl"
    assert transport.collect(transport.new_folder("out")) == {}


@pytest.mark.parametrize("name", ["../up", "a/b", "", ".hidden", "a\nb", "x" * 200])
def test_a_file_name_that_could_lead_elsewhere_is_refused(
    name: str, make_source: MakeSource, open_transport: OpenTransport
) -> None:
    transport = open_transport(make_source(formatting=""))
    with pytest.raises(HarnessError, match="cannot be a file's name"):
        transport.put_file(name, b"")
    with pytest.raises(HarnessError, match="no folder that was made"):
        transport.collect("/etc")


def test_closing_leaves_no_folder_and_may_be_done_twice(make_source: MakeSource, open_transport: OpenTransport) -> None:
    transport = open_transport(make_source(formatting=""))
    folder = Path(transport.new_folder("out")).parents[1]
    assert folder.is_dir()
    transport.close()
    transport.close()
    assert not folder.exists()


def test_an_exception_while_a_module_is_imported_is_no_answer_of_its_function(
    make_source: MakeSource, open_transport: OpenTransport
) -> None:
    transport = open_transport(make_source(formatting="raise ValueError('line 1: refused')"))
    with pytest.raises(ImportError, match="line 1: refused") as caught:
        transport.call("formatting", "load_pairs", ["pairs.jsonl"], {}, seconds=SECONDS)
    assert not isinstance(caught.value, ValueError)
    assert isinstance(caught.value, StudentError)
    assert caught.value.kind == "ValueError"
