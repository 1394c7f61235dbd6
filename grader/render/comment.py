"""The one comment under a pull request, in GitHub's Markdown. It is made from results that may be forged."""

from collections.abc import Sequence

from grader.render.github import render_summary
from grader.results import Result

MARKER = "<!-- grader: feedback -->"
_MOST_BYTES = 60_000  # GitHub takes 65,536 characters
_FOOT = (
    "*Updated with each push. This is what [the pull request's own run]({url}) reported: feedback, not a grade. "
    "The whole report is that run's artifact.*"
)


def render_comment(results: Sequence[Result], url: str) -> str:
    """Return the comment on these results, as long as it may be; `url` is the run's, as GitHub itself gave it."""
    foot = _FOOT.format(url=url)
    for parts in (
        [render_summary(result) for result in results],
        [render_summary(result, brief=True) for result in results],
        [render_summary(result, brief=True).partition("\n")[0] for result in results],
    ):
        body = "\n\n".join([MARKER, *parts, foot]) + "\n"
        if len(body.encode()) <= _MOST_BYTES:
            return body
    return f"{MARKER}\n\n{foot}\n"
