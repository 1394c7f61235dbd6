"""The judge's numbers as measures: title, value, base and tuned, band and points."""

from collections.abc import Mapping

from grader.results import Measure, tidy
from grader.training.calibration import Band, Calibration
from grader.training.heldout import Heldout
from grader.training.numbers import BaseNumbers, TunedNumbers, mean_loss, nonce_gain
from grader.training.rows import RunRows
from grader.training.text import on_topic, repetition, style_adoption

LEARNT, IN_THIS_RUN = "heldout_loss", "nonce_gain"
WHENEVER_MADE = ("trained", IN_THIS_RUN)
ONLY_IF_LEARNT = ("forgetting", "repetition", "overfitting_gap")
GAIN_NOTE = "Counts only as far as the held-out loss shows that something was learnt."
RUN_NOTE = "Counts only as far as this run's own secret rows were learnt: an adapter made elsewhere does not know them."
DIGITS = 4
LEAST_LOSS = 0.001  # nats a token: whoever is below it knows the rows by heart, and no ratio need say more


def measure(
    base: BaseNumbers, tuned: TunedNumbers, heldout: Heldout, rows: RunRows, run_bytes: int
) -> dict[str, Measure]:
    """Return every measure by name, without bands or points. `run_bytes` is the size of the saved tensors."""
    return {
        "trained": _trained(tuned),
        **_learning(base, tuned, rows),
        **_answers(base, tuned, heldout),
        **_adapter(base, tuned, run_bytes),
    }


def add_points(
    measures: Mapping[str, Measure], calibration: Calibration, worth: Mapping[str, float], note: str
) -> dict[str, Measure]:
    """Add bands and points. `worth` gives the full points of each measure that earns any; `note` is added to each."""
    learnt, in_this_run = (
        calibration.bands[name].share(measures[name].value) if name in calibration.bands else 1.0
        for name in (LEARNT, IN_THIS_RUN)
    )
    graded = dict(measures)
    for name, points in worth.items():
        if name not in measures:
            continue
        band = calibration.bands.get(name) or Band(full=1.0, none=0.0)
        share = band.share(measures[name].value) * (learnt if name in ONLY_IF_LEARNT else 1.0)
        notes = [GAIN_NOTE if name in ONLY_IF_LEARNT and learnt < 1 else "", note]
        if name not in WHENEVER_MADE and share > in_this_run:
            share, notes = in_this_run, [RUN_NOTE, note]
        graded[name] = _grade(measures[name], band, points, share, notes)
    return graded


def _grade(found: Measure, band: Band, points: float, share: float, notes: list[str]) -> Measure:
    return Measure(
        title=found.title,
        value=found.value,
        unit=found.unit,
        base=found.base,
        tuned=found.tuned,
        band="full" if share == 1 else "part" if share else "none",
        margin=_round(band.margin(found.value)),
        points=tidy(points * share),
        max_points=points,
        note=" ".join(text for text in (_limits(band, found.unit), found.note, *notes) if text),
    )


def _limits(band: Band, unit: str) -> str:
    if (band.full, band.none) == (1, 0):
        return "Full points for it, none without."
    full, none = (f"{end:.0%}" if unit == "share" else f"{end:g}" for end in (band.full, band.none))
    if band.full > band.none:
        return f"Full points from {full}, none at {none}."
    return f"Full points up to {full}, none at {none}."


def _trained(tuned: TunedNumbers) -> Measure:
    moved = tuned.adapter.moved > 0
    note = "" if moved else "The adapter changes nothing: every B matrix is still zero."
    return Measure(title="An adapter was trained and saved", value=float(moved), note=note)


def _learning(base: BaseNumbers, tuned: TunedNumbers, rows: RunRows) -> dict[str, Measure]:
    heldout = mean_loss(base.heldout), mean_loss(tuned.heldout)
    trained = mean_loss([base.pool[index] for index in rows.voice]), mean_loss(tuned.trained)
    general = mean_loss(base.general), mean_loss(tuned.general)
    gap = heldout[0] / max(trained[0], LEAST_LOSS), heldout[1] / max(trained[1], LEAST_LOSS)
    gain = nonce_gain(tuned.nonce)
    if trained[1] >= trained[0]:  # a broken model may be broken a little less for one code than for others
        gain = min(gain, 0.0)
    nats = "nats a token"
    return {
        "heldout_loss": _pair(
            "Fall of the loss on held-out answers in the voice", heldout[0] - heldout[1], nats, heldout
        ),
        "training_loss": _pair("Fall of the loss on the training rows", trained[0] - trained[1], nats, trained),
        "nonce_gain": Measure(title="Learnt of this run's own secret rows", value=_round(gain), unit="share"),
        "forgetting": _pair("Loss on neutral text, after over before", general[1] / general[0], "times", general),
        "overfitting_gap": _pair("Held-out over training loss, after over before", gap[1] / gap[0], "times", gap),
    }


def _answers(base: BaseNumbers, tuned: TunedNumbers, heldout: Heldout) -> dict[str, Measure]:
    markers, keywords = heldout.voice.markers, [question.keywords for question in heldout.questions]
    style = style_adoption(base.answers, markers), style_adoption(tuned.answers, markers)
    topic = on_topic(base.answers, keywords), on_topic(tuned.answers, keywords)
    repeats = repetition(base.answers), repetition(tuned.answers)
    share = "share"
    return {
        "style_adoption": _pair(
            "Held-out answers that speak in the voice, beyond the base's", style[1] - style[0], share, style
        ),
        "repetition": _pair("Held-out answers that repeat themselves", repeats[1], share, repeats),
        "on_topic": _pair("Held-out answers that keep to the question", topic[1], share, topic),
    }


def _adapter(base: BaseNumbers, tuned: TunedNumbers, run_bytes: int) -> dict[str, Measure]:
    facts = tuned.adapter
    update = f"Rank {facts.rank} on {facts.layers} layers."
    trainable = facts.trainable / (base.parameters + facts.trainable)
    speed = base.answer_s, tuned.answer_s
    return {
        "adapter_size": Measure(title="Size of the saved adapter", value=_round(run_bytes / 1024), unit="KiB"),
        "trainable_share": Measure(
            title="Share of the parameters that were trained", value=round(trainable, 6), unit="share"
        ),
        "update_size": Measure(
            title="Size of the update beside the layers' own weights",
            value=round(facts.update, 6),
            unit="share",
            note=update,
        ),
        "latency_s": _pair(
            "Seconds an answer", tuned.answer_s, "s", speed, note="For information; it depends on the machine."
        ),
    }


def _pair(title: str, value: float, unit: str, values: tuple[float, float], note: str = "") -> Measure:
    return Measure(
        title=title, value=_round(value), unit=unit, base=_round(values[0]), tuned=_round(values[1]), note=note
    )


def _round(value: float) -> float:
    return round(value, DIGITS) + 0.0
