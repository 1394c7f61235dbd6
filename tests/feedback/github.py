"""The part of GitHub that a comment needs, on this machine: it keeps comments and remembers what it was asked."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

REPOSITORY = "course/labs"
TOKEN = "the-token"
SHA, OTHER = "a" * 40, "b" * 40
FORK = {"id": 77, "owner": {"login": "ada"}}


class GitHub:
    """What the server holds, to be arranged by a test."""

    def __init__(self) -> None:
        self.pulls: list[dict[str, Any]] = [{"number": 5, "head": {"sha": SHA, "repo": FORK}}]
        self.artifacts: list[dict[str, Any]] = [{"id": 9, "name": "feedback", "size_in_bytes": 10, "expired": False}]
        self.zip = b""
        self.comments: list[dict[str, Any]] = []
        self.asked: list[str] = []
        self.storage_headers: dict[str, str] = {}
        self.url = ""
        self.storage = ""

    def answer(self, method: str, path: str, sent: dict[str, str] | None) -> object:
        """Return what GitHub would answer, or None for a 404."""
        where, _, query = path.removeprefix(f"/repos/{REPOSITORY}/").partition("?")
        if where == "pulls":
            assert "head=ada%3Amain" in query
            return self.pulls
        if where == "actions/runs/42/artifacts":
            return {"total_count": len(self.artifacts), "artifacts": self.artifacts}
        if where == "issues/5/comments" and method == "GET":
            page = int(query.rpartition("page=")[2])
            return self.comments[100 * (page - 1) : 100 * page]
        if where == "issues/5/comments" and sent:
            self.comments.append({"id": 1000, "user": {"login": "github-actions[bot]"}, "body": sent["body"]})
            return self.comments[-1]
        if where.startswith("issues/comments/") and method == "PATCH" and sent:
            known = next(comment for comment in self.comments if comment["id"] == int(where.rpartition("/")[2]))
            known["body"] = sent["body"]
            return known
        return None


@contextmanager
def serve(github: GitHub) -> Iterator[GitHub]:
    """Run the server, and a second one at which the artifacts' bytes lie, as they do with GitHub."""

    class Api(BaseHTTPRequestHandler):
        def _handle(self) -> None:
            github.asked.append(f"{self.command} {self.path}")
            assert self.headers["Authorization"] == f"Bearer {TOKEN}"
            if self.path == f"/repos/{REPOSITORY}/actions/artifacts/9/zip":
                self.send_response(302)
                self.send_header("Location", f"{github.storage}/blob")
                self.end_headers()
                return
            length = int(self.headers.get("Content-Length") or 0)
            sent = json.loads(self.rfile.read(length)) if length else None
            answer = github.answer(self.command, self.path, sent)
            self.send_response(404 if answer is None else 200)
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        do_GET = do_POST = do_PATCH = _handle  # noqa: N815 - the names are the library's

        def log_message(self, format: str, *args: object) -> None:
            pass

    class Storage(Api):
        def do_GET(self) -> None:
            github.storage_headers = dict(self.headers)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(github.zip)

    servers = [ThreadingHTTPServer(("127.0.0.1", 0), handler) for handler in (Api, Storage)]
    github.url, github.storage = (f"http://127.0.0.1:{server.server_port}" for server in servers)
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield github
    finally:
        for server in servers:
            server.shutdown()
            server.server_close()
