"""Turns downloaded weights into a plain model folder: safetensors and a fast tokenizer, ready for `from_pretrained`.

Run as `python -m grader.training.convert SOURCE TARGET [--gguf NAME] [--bits N] [--name NAME]` by `fetch.py`, in a
process of its own, so that its memory and its threads are gone before any worker is forked. Prints one line a step.

Models for the CPU are stored in float32. `from_pretrained` loads the dtype that a folder holds unless told otherwise,
so a bfloat16 folder would make every plain fine_tune train in bfloat16, which most laptops only emulate.
"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from transformers import PreTrainedModel

STEPS = 3


def convert(source: Path, target: Path, *, name: str, gguf: str | None = None, bits: int = 32) -> None:
    """Write the model in `source` to the folder `target`.

    `gguf` names a GGUF file in `source` to dequantise. `bits` is 32 (float32), 16 (bfloat16), or 8 or 4: quantised by
    bitsandbytes, with its configuration in config.json, so that `from_pretrained(target)` needs no further word.
    """
    from transformers import AutoTokenizer

    _report(1, "reading the weights")
    model = _read_gguf(source, gguf) if gguf else _read_folder(source, bits)
    model.config._name_or_path = name
    _report(2, "reading the tokenizer")
    tokenizer = AutoTokenizer.from_pretrained(str(source), **({"gguf_file": gguf} if gguf else {}))
    _report(3, "writing the converted model")
    model.save_pretrained(target, safe_serialization=True)
    tokenizer.save_pretrained(target)
    _open_for_others(target)


def _read_gguf(source: Path, gguf: str) -> "PreTrainedModel":
    """Dequantise a GGUF file. A model so loaded refuses to be saved; a fresh one with the same weights does not."""
    import torch
    from transformers import AutoModelForCausalLM

    quantized = AutoModelForCausalLM.from_pretrained(str(source), gguf_file=gguf, dtype=torch.float32)
    config = quantized.config
    del config.quantization_config
    model: PreTrainedModel = AutoModelForCausalLM.from_config(config, dtype=torch.float32)  # type: ignore[no-untyped-call]
    model.load_state_dict(quantized.state_dict())
    model.tie_weights()
    return model


def _read_folder(source: Path, bits: int) -> "PreTrainedModel":
    import torch
    from transformers import AutoModelForCausalLM, BitsAndBytesConfig

    options: dict[str, Any] = {"dtype": torch.float32 if bits == 32 else torch.bfloat16}
    if bits == 8:
        options["quantization_config"] = BitsAndBytesConfig(load_in_8bit=True)  # type: ignore[no-untyped-call]
    if bits == 4:
        options["quantization_config"] = BitsAndBytesConfig(  # type: ignore[no-untyped-call]
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=torch.bfloat16,
        )
    if bits < 16 and torch.cuda.is_available():
        options["device_map"] = {"": 0}
    return AutoModelForCausalLM.from_pretrained(
        str(source), use_safetensors=True, trust_remote_code=False, local_files_only=True, **options
    )


def _open_for_others(folder: Path) -> None:
    """Workers may run as another user than the one who fetched the model."""
    folder.chmod(0o755)
    for path in folder.iterdir():
        path.chmod(0o644)


def _report(step: int, text: str) -> None:
    print(step, text, flush=True)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--name", required=True)
    parser.add_argument("--gguf")
    parser.add_argument("--bits", type=int, default=32)
    return parser.parse_args()


if __name__ == "__main__":
    given = _parse()
    convert(given.source, given.target, name=given.name, gguf=given.gguf, bits=given.bits)
