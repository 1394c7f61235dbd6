"""Runs for diagnose, and the codes that they must get, straight from the lesson's table of pitfalls."""

import math

from hypothesis import assume
from hypothesis import strategies as st

from grader.checks import fail

Curves = dict[str, object]

RULES = {
    "out_of_memory": "out_of_memory: the error says, in any case, out of memory, MemoryError or allocate memory.",
    "poor_convergence": "poor_convergence: the last train loss is above 0.90 of the first, or is NaN or infinite.",
    "overfitting": "overfitting: not poor_convergence, and the last eval loss is above 1.10 of the lowest of them.",
    "catastrophic_forgetting": "catastrophic_forgetting: the general loss after is above 1.10 of the one before.",
    "healthy": "healthy stands alone: no other code, and no error at all.",
}
OUT_OF_MEMORY = (
    "CUDA out of memory. Tried to allocate 2.00 GiB",
    "torch.OutOfMemoryError: CUDA Out of Memory.",
    "MemoryError",
    "DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes",
    "RuntimeError: CANNOT ALLOCATE MEMORY",
    "numpy._core._exceptions._arraymemoryerror: no",
)
OTHER_ERRORS = ("KeyboardInterrupt", "No space left on device", "RuntimeError: memory is fine, the shape is not")

_LOSSES = st.sampled_from((0.5, 1.0, 1.5, 2.0, 2.5, 3.0)) | st.floats(0.05, 8.0)


@st.composite
def curves(draw: st.DrawFn, errors: st.SearchStrategy[str | None]) -> Curves:
    """A run's losses. None lies so near to a limit that two right ways to compare could differ by rounding."""
    run: Curves = {
        "train_loss": draw(st.lists(_LOSSES, min_size=1, max_size=6)),
        "eval_loss": draw(st.lists(_LOSSES, min_size=1, max_size=6)),
        "general_loss": draw(st.none() | st.lists(_LOSSES, min_size=2, max_size=2)),
        "error": draw(errors),
    }
    train, held, general = run["train_loss"], run["eval_loss"], run["general_loss"]
    assume(not math.isclose(train[-1] / train[0], 0.90, rel_tol=1e-6))
    assume(not math.isclose(held[-1] / min(held), 1.10, rel_tol=1e-6))
    assume(general is None or not math.isclose(general[1] / general[0], 1.10, rel_tol=1e-6))
    return run


def expect_codes(run: Curves) -> list[str]:
    """Work the codes out, one rule of section "Pitfalls" after the other."""
    train, held, general, error = (run[name] for name in ("train_loss", "eval_loss", "general_loss", "error"))
    codes = []
    if general is not None and general[1] / general[0] > 1.10:
        codes.append("catastrophic_forgetting")
    if error in OUT_OF_MEMORY:
        codes.append("out_of_memory")
    if not math.isfinite(train[-1]) or train[-1] / train[0] > 0.90:
        codes.append("poor_convergence")
    elif any(held[-1] / loss > 1.10 for loss in held):
        codes.append("overfitting")
    if not codes and error is None:
        codes.append("healthy")
    return sorted(codes)


def require_codes(returned: object, expected: list[str], rules: dict[str, str]) -> None:
    """Fail the check with the rule of the first code that is missing, wrong or out of order."""
    if not isinstance(returned, list):
        fail("diagnose should return a list of codes.", returned=returned, expected=expected)
    if returned == expected:
        return
    for code, rule in rules.items():
        if code in expected and code not in returned:
            fail(f"`{code}` is left out.", returned=returned, expected=expected, hint=rule)
        if code in returned and code not in expected:
            fail(f"`{code}` is wrong here.", returned=returned, expected=expected, hint=rule)
    if sorted(returned, key=str) == expected:
        fail("The codes are not sorted.", returned=returned, expected=expected, hint="Return sorted(codes).")
    fail("These are other codes.", returned=returned, expected=expected, hint=f"The codes: {', '.join(sorted(rules))}.")
