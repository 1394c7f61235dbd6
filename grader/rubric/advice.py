"""What helps where a measure falls short and the run's curves name no pitfall."""

from grader.language import noop

_VOICE = noop(
    "The voice was hardly learnt: write the prompt as the lesson's template has it, to the last newline, train the "
    "adapter alone with the base frozen, and take enough steps (one pair a step makes 60)."
)

ADVICE = {
    "heldout_loss": _VOICE,
    "style_adoption": _VOICE,
    "nonce_gain": noop("Train on all of train_pairs and on nothing else: this run's secret rows are among them."),
    "forgetting": noop(
        "Lower the learning rate (2e-4 to 5e-4) or take fewer steps, so that the base keeps what it knew."
    ),
    "repetition": noop(
        "End each example with the end-of-text token, and let its label count: it teaches when to stop."
    ),
    "overfitting_gap": noop("Take fewer epochs (2 or 3), so that the rows are learnt and not memorised."),
}
"""By measure, one sentence each: what most often is the matter."""
