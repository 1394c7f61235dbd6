"""What the warm server imports before it forks, which a lab decides."""

from pathlib import Path

import pytest

from grader.errors import HarnessError
from grader.training.devices import find_gpu
from grader.worker import Server, WorkerLimits

LOADED = "import sys\n\ndef loaded(): return sorted({'torch', 'numpy', 'json.tool'} & set(sys.modules))\n"


def test_a_worker_has_what_its_lab_asked_for_and_no_more(tmp_path: Path) -> None:
    (tmp_path / "formatting.py").write_text(LOADED)
    with (
        Server.start(libraries=["json.tool"]) as server,
        server.worker(tmp_path, WorkerLimits()) as worker,
    ):
        assert worker.call("formatting", "loaded", [], {}, seconds=30) == ["json.tool"]


def test_a_library_that_is_not_there_is_named() -> None:
    with pytest.raises(HarnessError, match="No module named 'no_such_library'"):
        Server.start(libraries=["no_such_library"])


def test_what_bitsandbytes_would_have_compiled_is_left_as_it_is(warm_server: Server, tmp_path: Path) -> None:
    """A worker has no compiler: the first call of a compiled function would cost seconds, and fall back."""
    text = (
        "import sys, torch\n"
        "def compiler(): return 'torch._inductor.compile_fx' in sys.modules\n"
        "def compiles(): return torch.compile.__module__\n"
    )
    (tmp_path / "formatting.py").write_text(text)
    with warm_server.worker(tmp_path, WorkerLimits()) as worker:
        assert worker.call("formatting", "compiler", [], {}, seconds=30) is False
        assert worker.call("formatting", "compiles", [], {}, seconds=30) == "torch"


def test_a_server_for_cuda_confines_and_answers_also_where_no_device_is(tmp_path: Path) -> None:
    """What can run of that path without a GPU: its libraries, bounds, limits, filter. CUDA sleeps."""
    text = "import torch\ndef state(): return [torch.cuda.is_initialized(), torch.cuda.is_available()]\n"
    text += "def add(): return float((torch.ones(2) + 1).sum())\n"
    (tmp_path / "training.py").write_text(text)
    with Server.start("cuda") as server, server.worker(tmp_path, WorkerLimits()) as worker:
        assert worker.call("training", "state", [], {}, seconds=60) == [False, find_gpu() is not None]
        assert worker.call("training", "add", [], {}, seconds=60) == 4.0
