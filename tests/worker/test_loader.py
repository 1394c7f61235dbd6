"""The loader: plain imports find the submission's modules, and shadow nobody's."""

import sys

import pytest

from grader.worker import InProcess, WorkerLimits

from .conftest import MakeSource, OpenTransport

SECONDS = 20.0


def test_helpers_and_packages_beside_a_module_are_found(make_source: MakeSource, open_transport: OpenTransport) -> None:
    source = make_source(
        formatting="from tools import A\nfrom pack.inner import B\ndef f(): return A + B", tools="A = 1"
    )
    (source / "pack").mkdir()
    (source / "pack" / "inner.py").write_text("B = 2")
    assert open_transport(source).call("formatting", "f", [], {}, seconds=SECONDS) == 3


def test_modules_may_import_one_another_in_a_circle(make_source: MakeSource, open_transport: OpenTransport) -> None:
    source = make_source(
        formatting="import training\ndef f(): return training.g()",
        training="import formatting\ndef g(): return formatting.__name__",
    )
    assert open_transport(source).call("formatting", "f", [], {}, seconds=SECONDS) == "formatting"


def test_a_file_named_like_a_library_shadows_nothing(make_source: MakeSource, open_transport: OpenTransport) -> None:
    source = make_source(
        formatting="import colorsys, msgspec\ndef f(): return [colorsys.__file__, msgspec.__file__]",
        colorsys="raise RuntimeError('shadowed')",
        msgspec="raise RuntimeError('shadowed')",
    )
    files = open_transport(source).call("formatting", "f", [], {}, seconds=SECONDS)
    assert isinstance(files, list)
    assert not any(str(source) in file for file in files)


def test_the_module_asked_for_is_the_submissions_even_where_a_library_has_its_name(
    make_source: MakeSource, open_transport: OpenTransport
) -> None:
    import msgspec

    transport = open_transport(make_source(msgspec="def f(): return 'mine'"))
    assert transport.call("msgspec", "f", [], {}, seconds=SECONDS) == "mine"
    transport.close()
    assert sys.modules["msgspec"] is msgspec


def test_a_module_is_imported_once_for_all_calls(make_source: MakeSource, open_transport: OpenTransport) -> None:
    text = "import itertools\ncounter = itertools.count()\ndef f(): return next(counter)"
    transport = open_transport(make_source(formatting=text))
    assert [transport.call("formatting", "f", [], {}, seconds=SECONDS) for _ in range(3)] == [0, 1, 2]


def test_two_sources_in_one_process_share_no_module(make_source: MakeSource) -> None:
    first = InProcess(
        make_source("first", formatting="import tools\ndef f(): return tools.A", tools="A = 1"), WorkerLimits()
    )
    second = InProcess(
        make_source("second", formatting="def f():\n    import tools\n    return tools.A", tools="A = 2"),
        WorkerLimits(),
    )
    try:
        for _ in range(2):
            assert first.call("formatting", "f", [], {}, seconds=SECONDS) == 1
            assert second.call("formatting", "f", [], {}, seconds=SECONDS) == 2
    finally:
        first.close()
        second.close()
    assert "formatting" not in sys.modules
    assert "tools" not in sys.modules
    assert not any("first" in entry or "second" in entry for entry in sys.path[-2:])


@pytest.mark.parametrize("name", ["os.path", "../formatting", "a b", ""])
def test_only_a_plain_name_is_a_module(name: str, make_source: MakeSource, open_transport: OpenTransport) -> None:
    with pytest.raises(ModuleNotFoundError):
        open_transport(make_source(formatting="")).call(name, "f", [], {}, seconds=SECONDS)


def test_in_process_nothing_heavy_is_imported(make_source: MakeSource) -> None:
    import subprocess

    source = make_source(formatting="def f(): return 1")
    code = (
        "import sys; from pathlib import Path; from grader.worker import InProcess, WorkerLimits\n"
        f"t = InProcess(Path({str(source)!r}), WorkerLimits())\n"
        "assert t.call('formatting', 'f', [], {}, seconds=5) == 1; t.close()\n"
        "print(sorted({'torch', 'transformers', 'numpy', 'pyseccomp'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
