"""`--model auto` takes what is really there, and says which and why; each wrong wish gets one sentence."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from grader.errors import UsageError
from grader.lab import Lab
from grader.lab.folders import PROJECT
from grader.training import choose_model
from grader.training.devices import find_gpu
from grader.training.status import model_status

AUTO = """
from tests.training.conftest import SPEC
from grader.lab import Lab, LabSpec
from grader.lab.folders import PROJECT
from grader.training import choose_model
models = {
    "big": dict(architecture="mistral", source="hub", location="x/big", licence="x", parameters_m=7000, needs="cuda"),
    **SPEC["models"],
    "middle": dict(architecture="llama", source="package", location="no-such-model==1", licence="x", parameters_m=100),
    "gpt2": dict(architecture="gpt2", source="hub", location="x/gpt2", licence="x", parameters_m=124),
}
spec = LabSpec.model_validate({**SPEC, "models": models})
choice = choose_model(Lab(spec, PROJECT / "labs" / "week07", None), "auto", "cpu")
print(choice.name, "|", choice.why)
"""


def test_auto_without_any_network_takes_the_bundled_model_and_says_why(tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "PYTHONPATH": str(PROJECT),
        "HF_HUB_OFFLINE": "1",
        "HF_HOME": str(tmp_path / "hub"),
        "PIP_NO_INDEX": "1",
        "GRADER_CACHE": str(tmp_path / "cache"),
    }
    done = subprocess.run(
        [sys.executable, "-c", AUTO], env=environment, capture_output=True, text=True, check=True, cwd=PROJECT
    )
    name, _, why = done.stdout.partition(" | ")
    assert name == "tiny-gpt2"
    assert "best model that is really there" in why
    assert "big: needs a CUDA device" in why
    assert why.index("gpt2: is not on this machine") < why.index("middle: is not on this machine")


FROM_HUB = """
from tests.training.conftest import SPEC
from grader.lab import Lab, LabSpec
from grader.lab.folders import PROJECT
from grader.training import choose_model
choice = choose_model(Lab(LabSpec.model_validate(SPEC), PROJECT / "labs" / "week07", None), "me/my.model-1", "cpu")
print(choice.name, choice.folder, choice.profile, sep="|")
"""


def test_a_model_that_no_lab_names_is_taken_from_the_hub(tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "PYTHONPATH": str(PROJECT),
        "HF_HUB_OFFLINE": "1",
        "HF_HOME": str(tmp_path / "hub"),
        "GRADER_CACHE": str(tmp_path / "cache"),
    }
    ask = [sys.executable, "-c", FROM_HUB]
    missing = subprocess.run(ask, env=environment, capture_output=True, text=True)
    assert "me/my.model-1 is no folder here, and from the hub it cannot be had: " in missing.stderr
    # The hub's own cache, as its client leaves it after a download.
    downloaded = tmp_path / "hub/hub/models--me--my.model-1"
    shutil.copytree(PROJECT / "fixtures/tiny-gpt2", downloaded / "snapshots/0123456789")
    (downloaded / "refs").mkdir()
    (downloaded / "refs/main").write_text("0123456789")
    taken = subprocess.run(
        [sys.executable, "-c", FROM_HUB], env=environment, capture_output=True, text=True, check=True
    )
    name, folder, profile = taken.stdout.strip().split("|")
    assert (name, profile) == ("me--my.model-1", "None")
    assert Path(folder) == tmp_path / "cache/models/me--my.model-1"
    assert not (Path(folder) / "model.safetensors").is_symlink()


@pytest.mark.parametrize("name", ["../x", "./model", "a/b/c", "/etc/x", "-x/y", "x/..", ".hidden/x"])
def test_what_is_no_hub_id_is_a_path(name: str, lab: Lab) -> None:
    with pytest.raises(UsageError, match="is not a model folder"):
        choose_model(lab, name, "cpu")


def test_a_model_is_taken_by_name(lab: Lab) -> None:
    choice = choose_model(lab, "tiny-gpt2", "cpu")
    assert (choice.name, choice.device, choice.why) == ("tiny-gpt2", "cpu", "You asked for tiny-gpt2.")


def test_an_unknown_model_gets_the_list_of_those_there_are(lab: Lab) -> None:
    with pytest.raises(UsageError, match=r"No model named 'gpt5'; this lab has tiny-gpt2"):
        choose_model(lab, "gpt5", "cpu")


def test_an_unknown_device_gets_the_list_of_those_there_are(lab: Lab) -> None:
    with pytest.raises(UsageError, match="auto, cpu, cuda"):
        choose_model(lab, "tiny-gpt2", "tpu")


@pytest.mark.skipif(find_gpu() is not None, reason="a CUDA device is here")
def test_cuda_where_there_is_none_is_refused(lab: Lab) -> None:
    with pytest.raises(UsageError, match="No CUDA device"):
        choose_model(lab, "tiny-gpt2", "cuda")


def test_a_model_for_the_gpu_is_refused_on_the_cpu_with_those_that_fit(lab: Lab) -> None:
    profile = lab.spec.models["tiny-gpt2"].model_copy(update={"needs": "cuda"})
    spec = lab.spec.model_copy(update={"models": {"seven": profile, **lab.spec.models}})
    with pytest.raises(UsageError, match="needs a CUDA device and none is in use here; choose one of tiny-gpt2"):
        choose_model(Lab(spec, lab.folder, lab.solutions), "seven", "cpu")


def test_the_status_of_each_model_is_told_without_asking_the_network(lab: Lab) -> None:
    (status,) = model_status(lab)
    assert (status.name, status.state) == ("tiny-gpt2", "bundled")
    assert status.memory_gib > 1
