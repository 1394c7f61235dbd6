"""The trusted half of the feedback: one comment under a pull request, written when its untrusted run has ended.

Which pull request it is, and which run, comes from GitHub's event and API; from the artifact come results alone.
"""

import urllib.parse
from collections.abc import Mapping
from pathlib import Path

import msgspec

from grader.errors import SubmissionError, UsageError
from grader.feedback.api import GitHub
from grader.feedback.artifact import LARGEST, read_artifact
from grader.lab import open_lab
from grader.language import ENGLISH, Language, load_language
from grader.render.comment import MARKER, render_comment
from grader.results import Result

ARTIFACT = "feedback"
AUTHOR = "github-actions[bot]"  # whose comments a workflow's own token writes
NEEDED = ("GITHUB_EVENT_PATH", "GITHUB_API_URL", "GITHUB_REPOSITORY", "GITHUB_TOKEN")
PAGES = 20  # of a hundred comments each


class Account(msgspec.Struct):
    """A user or an organization."""

    login: str


class Repository(msgspec.Struct):
    """A repository."""

    id: int
    owner: Account


class Run(msgspec.Struct):
    """The run that has ended. `head_repository` is null where the fork is gone."""

    id: int
    event: str
    head_sha: str
    head_branch: str
    html_url: str
    head_repository: Repository | None = None


class Event(msgspec.Struct):
    """A `workflow_run` event."""

    workflow_run: Run


class Head(msgspec.Struct):
    """What a pull request proposes."""

    sha: str
    repo: Repository | None = None


class Pull(msgspec.Struct):
    """A pull request."""

    number: int
    head: Head


class Artifact(msgspec.Struct):
    """What a run uploaded."""

    id: int
    name: str
    size_in_bytes: int
    expired: bool


class Artifacts(msgspec.Struct):
    """A run's artifacts."""

    artifacts: list[Artifact]


class Comment(msgspec.Struct):
    """A comment under a pull request."""

    id: int
    user: Account | None
    body: str | None = None


def comment(environment: Mapping[str, str], lang: str | None = None) -> str:
    """Post or update the comment on the run that this workflow was started by; return what was done, in a sentence.

    `environment` is a GitHub runner's, with GITHUB_TOKEN; `lang` is the comment's language, each lab's own where it is
    None. Raises UsageError outside of a runner, and HarnessError.
    """
    event, *access = (environment.get(name, "") for name in NEEDED)
    if missing := [name for name in NEEDED if not environment.get(name)]:
        raise UsageError(f"This runs in a workflow_run workflow of GitHub's; here there is no {', '.join(missing)}.")
    try:
        run = msgspec.json.decode(Path(event).read_bytes(), type=Event).workflow_run
    except (OSError, msgspec.MsgspecError) as error:
        raise UsageError(f"{event} is no workflow_run event ({error}).") from error
    github = GitHub(*access)
    number = _find_pull(github, run) if run.event == "pull_request" else None
    if number is None:
        return "No open pull request has this run's commit at its head: nothing to say."
    results = _results(github, run)
    if not results:
        return "The run left no result: nothing to say."
    spoken = [(result, _language(result.lab, lang)) for result in results]
    return _post(github, number, render_comment(spoken, run.html_url))


def _language(lab: str, lang: str | None) -> Language:
    """Return the language to speak of a lab in. Its name is a claim of the artifact's: only what is here is opened."""
    known = {path.parent.name: path.parent for path in Path.cwd().glob("labs/*/lab.toml")}
    return open_lab(known[lab]).language(lang) if lab in known else load_language(lang or ENGLISH.code)


def _find_pull(github: GitHub, run: Run) -> int | None:
    """Return the number of the one open pull request whose head is the run's commit in the run's repository."""
    if run.head_repository is None:
        return None
    head = urllib.parse.quote(f"{run.head_repository.owner.login}:{run.head_branch}", safe="")
    pulls = github.read(f"pulls?state=open&per_page=100&head={head}", list[Pull])
    numbers = [
        pull.number
        for pull in pulls
        if pull.head.sha == run.head_sha and pull.head.repo and pull.head.repo.id == run.head_repository.id
    ]
    return numbers[0] if len(numbers) == 1 else None


def _results(github: GitHub, run: Run) -> list[Result]:
    answer = github.read(f"actions/runs/{run.id}/artifacts?per_page=100&name={ARTIFACT}", Artifacts)
    named = [artifact for artifact in answer.artifacts if artifact.name == ARTIFACT and not artifact.expired]
    if not named:
        return []
    newest = max(named, key=lambda artifact: artifact.id)
    if newest.size_in_bytes > LARGEST:
        raise SubmissionError("The artifact is over 8 MiB; `grader feedback grade` writes far less.")
    return read_artifact(github.download(f"actions/artifacts/{newest.id}/zip"))


def _post(github: GitHub, number: int, body: str) -> str:
    for page in range(1, PAGES + 1):
        comments = github.read(f"issues/{number}/comments?per_page=100&page={page}", list[Comment])
        for known in comments:
            # Anyone may write our marker into a comment of their own; only our own comment is ours to change.
            if known.user and known.user.login == AUTHOR and (known.body or "").startswith(MARKER):
                github.write("PATCH", f"issues/comments/{known.id}", {"body": body})
                return f"Updated the comment on pull request {number}."
        if len(comments) < 100:
            break
    github.write("POST", f"issues/{number}/comments", {"body": body})
    return f"Commented on pull request {number}."
