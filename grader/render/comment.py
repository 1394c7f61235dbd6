"""The one comment under a pull request, in GitHub's Markdown. It is made from results that may be forged."""

from collections.abc import Sequence

from grader.language import Language, noop, speaking
from grader.language import gettext as _
from grader.render.github import render_summary
from grader.results import Result

MARKER = "<!-- grader: feedback -->"
_MOST_BYTES = 60_000  # GitHub takes 65,536 characters
_FOOT = noop(
    "*Updated with each push. This is what [the pull request's own run]({url}) reported: feedback, not a grade. "
    "The whole report is that run's artifact.*"
)


def render_comment(spoken: Sequence[tuple[Result, Language]], url: str) -> str:
    """Return the comment on results, each in its language, as long as it may be; what is said of all, in the first's.

    `url` is the run's, as GitHub itself gave it.
    """
    with speaking(spoken[0][1]):
        foot = _(_FOOT, url=url)
    brief = [render_summary(result, brief=True, language=language) for result, language in spoken]
    for parts in (
        [render_summary(result, language=language) for result, language in spoken],
        brief,
        [summary.partition("\n")[0] for summary in brief],
    ):
        body = "\n\n".join([MARKER, *parts, foot]) + "\n"
        if len(body.encode()) <= _MOST_BYTES:
            return body
    return f"{MARKER}\n\n{foot}\n"
