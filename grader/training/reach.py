"""Whether a model can be fetched from here, asked with a short time limit so that an unattended grade never hangs."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable

HUB_SECONDS = 3.0
INDEX_SECONDS = 10.0


def hub_answers(repository: str) -> bool:
    """Tell whether the model hub answers for a repository within 3 seconds. HF_HUB_OFFLINE=1 means no."""
    return _within(HUB_SECONDS, lambda: _ask_hub(repository))


def hub_has_cached(repository: str) -> bool:
    """Tell whether the hub's own cache on this machine holds a repository's config and safetensors weights."""
    from huggingface_hub import try_to_load_from_cache

    weights = ("model.safetensors", "model.safetensors.index.json")
    return isinstance(try_to_load_from_cache(repository, "config.json"), str) and any(
        isinstance(try_to_load_from_cache(repository, name), str) for name in weights
    )


def index_offers(requirement: str) -> bool:
    """Tell whether pip's package index offers a pinned requirement (`name==version`) within 10 seconds."""
    name, _, version = requirement.partition("==")
    command = [sys.executable, "-m", "pip", "index", "versions", name, "--retries", "0", "--timeout", "5"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=INDEX_SECONDS, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return False
    return version in answer.replace(",", " ").split()


def _ask_hub(repository: str) -> None:
    from huggingface_hub import HfApi

    HfApi().model_info(repository, timeout=HUB_SECONDS)


def _within(seconds: float, question: Callable[[], None]) -> bool:
    """Run a question in a thread of its own: a name lookup may hang far longer than the socket's own time limit."""
    if os.environ.get("HF_HUB_OFFLINE", "").lower() in {"1", "true", "yes", "on"}:
        return False
    answered = threading.Event()

    def ask() -> None:
        try:
            question()
        except Exception:  # refused, unknown, unauthorised, no network: whatever the library raises, it is not there
            return
        answered.set()

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(seconds)
    return answered.is_set()
