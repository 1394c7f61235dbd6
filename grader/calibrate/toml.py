"""Bands and odds as the TOML file that grading reads."""

from msgspec.structs import asdict

from grader.calibrate.bands import Separation
from grader.training.calibration import Calibration


def render_toml(calibration: Calibration, separations: list[Separation]) -> str:
    """Return the file's text: what the bands rest on first, in words, then the data."""
    lines = [
        f"# Bands for {calibration.model} on {calibration.device}, set by `grader calibrate` from the runs in the",
        "# .jsonl beside this file. By measure: the right submissions' bound, which 995 of 1,000 further runs keep",
        "# with 95 % confidence, and the wrong ones' best.",
        *(_describe(each) for each in separations),
        f"model = {_text(calibration.model)}",
        f"device = {_text(calibration.device)}",
        f"parameters_m = {calibration.parameters_m:g}",
        f"seeds = {calibration.seeds}",
        "",
        "[bands]",
        *(f"{name} = {{ full = {band.full:g}, none = {band.none:g} }}" for name, band in calibration.bands.items()),
    ]
    if odds := calibration.odds:
        lines += [
            "",
            f"# {odds.in_words()}",
            "[odds]",
            *(f"{name} = {value:g}" for name, value in asdict(odds).items()),
        ]
    return "\n".join(lines) + "\n"


def _describe(each: Separation) -> str:
    wrong = "no wrong one is meant for it" if each.wrong is None else f"wrong {each.wrong:.3g}"
    warning = "" if each.separates else "; THE TWO OVERLAP, and the band is as it was before"
    return f"#   {each.measure}: right {each.right:.3g}, {wrong}{warning}"


def _text(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
