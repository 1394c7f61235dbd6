"""Runs of a submission's fine_tune that several checks look at, and what must lie in the folder that it filled.

A run on the tiny model takes a second or two, so that each is made once and kept. Its pairs are drawn from the
grading's seed (week07_pairs.py): what was learnt, from which tokens, and that it was in this run, can be read from the
adapter alone. Nothing here believes the submission's own log.
"""

import hashlib
import json
import math
import re
from dataclasses import dataclass
from pathlib import Path

from week07_expected import prompt_text
from week07_pairs import Pair, draw_rows

from grader.checks import fail, words

ADAPTER, CONFIG = "adapter_model.safetensors", "adapter_config.json"
WEIGHTS = (".safetensors", ".bin", ".pt", ".pth", ".ckpt", ".gguf", ".h5", ".msgpack")
# Of 139 adapters made elsewhere, the luckiest came to 3.4 standard deviations, and another to 1.2 nats a token.
SURE, PLENTY = 4.0, 2.0
_IN_A_BLOCK = re.compile(r"base_model\.model\.(transformer\.h|model\.layers)\.\d+\.[\w.]+\.lora_[AB]\.weight")


@dataclass(frozen=True)
class Run:
    """What a call of fine_tune returned, what it left in its folder, and whether the base model's folder changed."""

    log: object
    files: dict[str, bytes]
    base_changed: bool

    @property
    def full_models(self) -> list[str]:
        """The files that hold weights and are no adapter; training_args.bin holds settings, so that it is no weight."""
        names = (name for name in self.files if name.endswith(WEIGHTS))
        return sorted(name for name in names if Path(name).name not in (ADAPTER, "training_args.bin"))


_kept: dict[tuple[object, ...], Run] = {}


def tune(submission, *, seed: int, validate: bool = True, again: bool = False) -> Run:
    """Return the run with this seed, made now unless it was made before; `again` makes it anew and does not keep it."""
    modules = [submission.source(f"{name}.py") for name in ("training", "formatting", "lora_config")]
    rows = draw_rows(submission.seed)
    validation = rows.validation if validate else []
    key = (*modules, submission.seed, seed, validate)
    if key not in _kept or again:
        before = _digest(submission.model_path)
        folder = submission.folder(f"adapter-{seed}")
        log = submission.training.fine_tune(submission.model_path, rows.train, validation, folder, seed=seed)
        run = Run(log, submission.collect(folder), _digest(submission.model_path) != before)
        if again:
            return run
        _kept[key] = run
    return _kept[key]


def _digest(folder: str) -> str:
    files = sorted(path for path in Path(folder).iterdir() if path.is_file())
    return hashlib.sha256(b"".join(path.name.encode() + path.read_bytes() for path in files)).hexdigest()


def require_adapter(run: Run, oracle, layers: list[str]) -> dict[str, dict[str, object]]:
    """Return the adapter's tensors by name, or fail the check unless each layer has its pair of trained matrices."""
    if ADAPTER not in run.files:
        _explain_absence(run)
    tensors = oracle.read_adapter(run.files[ADAPTER])
    if tensors is None:
        fail(f"{ADAPTER} cannot be read as a safetensors file.", hint="Let model.save_pretrained(output_dir) write it.")
    expected = {f"base_model.model.{layer}.lora_{side}.weight" for layer in layers for side in "AB"}
    others = sorted(name for name in tensors if ".lora_" not in name)
    if others:
        hint = "Save LoRA's tensors and nothing else: no modules_to_save, no trained embeddings, no merged weights."
        fail("The adapter holds tensors that are not LoRA's.", returned=others[:4], hint=hint)
    # More layers of the blocks are the student's choice, as the rank is; each needs both of its matrices.
    further = {name for name in set(tensors) - expected if _IN_A_BLOCK.fullmatch(name) and _twin(name) in tensors}
    if set(tensors) != expected | further:
        hint = "Attach the adapter to the layers of target_modules_for(model.config.model_type), in every block."
        fail("The adapter is on other layers.", returned=sorted(tensors)[:4], expected=sorted(expected)[:4], hint=hint)
    for layer in layers:
        low, high = (tensors[f"base_model.model.{layer}.lora_{side}.weight"]["shape"] for side in "AB")
        if len(low) != 2 or len(high) != 2 or low[0] != high[1]:
            hint = "Plain LoRA has A, rank x inputs, and B, outputs x rank; PEFT saves them so."
            fail(f"The matrices of {layer} do not fit together.", returned={"A": low, "B": high}, hint=hint)
    broken = [name for name, tensor in tensors.items() if not tensor["finite"]]
    if broken:
        fail("The adapter holds NaN or infinity.", returned=broken[:4], hint="A loss that overflows ends in NaN.")
    if all(tensor["zero"] for name, tensor in tensors.items() if ".lora_B." in name):
        hint = (
            "LoRA's B starts at zero, and training moves it: save after the training, the very model that was trained."
        )
        fail("The adapter has learnt nothing: every B matrix is zero.", hint=hint)
    return tensors


def _twin(name: str) -> str:
    """Return the name of LoRA's B for its A, and the other way round."""
    swap = {"lora_A": "lora_B", "lora_B": "lora_A"}
    return re.sub("lora_[AB]", lambda found: swap[found[0]], name)


def _explain_absence(run: Run) -> None:
    found = sorted(run.files) or ["nothing"]
    elsewhere = [name for name in found if Path(name).name == ADAPTER]
    if elsewhere:
        hint = "Call model.save_pretrained(output_dir) at the end, and let checkpoints go to a temporary folder."
    elif "adapter_model.bin" in found:
        hint = "Save as safetensors, today's default: a .bin is a pickle, which runs code when it is loaded."
    elif run.full_models:
        hint = "The whole model was saved. Save the PeftModel as it is: no merge_and_unload(), and not its base model."
    else:
        hint = "End with model.save_pretrained(output_dir), on the model that attach_adapter returned."
    fail(f"fine_tune should leave {ADAPTER} in output_dir.", returned=found, hint=hint)


def measured(submission, oracle, run: Run) -> tuple[dict[str, float], dict[str, float]]:
    """Return the losses on the run's pairs, of the base model and with the run's adapter on it: see oracle.losses."""
    examples = _as_examples(draw_rows(submission.seed).train)
    adapter = _adapter_of(submission, oracle, run)
    path = submission.model_path
    before, after = oracle.losses(path, examples), oracle.losses(path, examples, adapter)
    if not all(map(math.isfinite, after.values())):  # no comparison with NaN holds, so that none would fail
        fail("With the adapter, the loss is no finite number.", returned=after, hint="Lower the learning rate.")
    return before, after


def require_traces(submission, oracle, run: Run) -> dict[str, float]:
    """Return what the adapter knows of the run's responses; fail the check where it knows nothing of the run's pairs.

    See oracle.traces. Over seeds, right submissions leave 6.3 deviations and 2.8 nats and more. Wrong ways to train
    leave 4.8 deviations in prompts, responses, or one token further ahead (labels that were shifted twice).
    """
    rows = draw_rows(submission.seed)
    groups = [_as_examples(pairs) for pairs in (rows.compared, *rows.others)]
    found = oracle.traces(submission.model_path, groups, _adapter_of(submission, oracle, run))
    if not is_learnt(found["response"]) and not any(part["deviations"] >= SURE for part in found.values()):
        shown = ", ".join(f"{name} {part['deviations']:.1f}" for name, part in found.items())
        fail(
            "The adapter knows nothing of the pairs that fine_tune was given.",
            returned=f"standard deviations from what an adapter of another run would show: {shown}",
            expected=words(f"{SURE:.0f} or more"),
            hint="Train on train_pairs, in this very call, and save the model that was trained.",
        )
    return dict(found["response"])


def is_learnt(responses: dict[str, float]) -> bool:
    """Tell whether an adapter knows a run's responses, and not just responses like them: see oracle.traces."""
    return responses["deviations"] >= SURE or responses["gain"] >= PLENTY


def _as_examples(pairs: list[Pair]) -> list[dict[str, str]]:
    return [{"prompt": prompt_text(pair["input"]), "response": pair["output"]} for pair in pairs]


def _adapter_of(submission, oracle, run: Run) -> dict[str, object]:
    require_adapter(run, oracle, gpt2_layers(submission))
    return {"weights": run.files[ADAPTER], "scale": require_config(run)}


def require_config(run: Run) -> float:
    """Return the factor of B A from adapter_config.json, or fail the check where LoRA's configuration is not there."""
    try:
        config = json.loads(run.files[CONFIG])
        rank, alpha = config["r"], config["lora_alpha"]
        scale = float(alpha / (rank**0.5 if config.get("use_rslora") else rank))
    except (KeyError, TypeError, ValueError, ArithmeticError):
        hint = "model.save_pretrained(output_dir) on the PeftModel writes it beside the tensors."
        fail(f"{CONFIG} is missing, or is not LoRA's.", returned=sorted(run.files), hint=hint)
    if not math.isfinite(scale):
        fail(f"lora_alpha in {CONFIG} is no finite number.", returned=alpha)
    return scale


def gpt2_layers(submission) -> list[str]:
    """Return the layers of the bundled model that LoRA adapts."""
    config = json.loads((Path(submission.model_path) / "config.json").read_bytes())
    return [f"transformer.h.{block}.attn.c_attn" for block in range(config["n_layer"])]


def model_files(submission) -> dict[str, bytes]:
    """Return the bundled model's files, to make a model like it."""
    return {path.name: path.read_bytes() for path in Path(submission.model_path).iterdir() if path.is_file()}


def place(submission, files: dict[str, bytes]) -> str:
    """Put files side by side where the submission's code can read them; return their folder's path."""
    return str({Path(submission.file(name, content)).parent for name, content in files.items()}.pop())


def is_checkpoint(name: str) -> bool:
    """Tell whether a file belongs to one of the Trainer's checkpoints."""
    return bool(re.search(r"(^|/)checkpoint[^/]*/|(^|/)(optimizer|scheduler|rng_state)[^/]*\.(pt|pth|bin)$", name))
