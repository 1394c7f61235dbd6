"""OpenAI's files and fine-tuning jobs as a local server speaks them; what it is sent it looks at itself.

As at the real service, an upload is only stored; a job whose file is not good ends as `failed` and says why.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = "sk-of-nobody"
MODEL = "gpt-4.1-2025-04-14"
FEWEST = 10
EPOCHS = 3


class FineTuning(ThreadingHTTPServer):
    """Keeps uploads and jobs in memory."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: dict[str, bytes] = {}
        self.jobs: dict[str, dict[str, Any]] = {}

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


@contextmanager
def serve() -> Iterator[FineTuning]:
    """Serve until the block is left."""
    with FineTuning() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


class Handler(BaseHTTPRequestHandler):
    server: FineTuning
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers["Authorization"] != f"Bearer {KEY}":
            self._refuse(401, "Incorrect API key provided.")
        elif self.path == "/v1/files":
            self._take_file(body)
        elif self.path == "/v1/fine_tuning/jobs":
            self._start_job(json.loads(body))
        else:
            self._refuse(404, f"Unknown request URL: {self.path}")

    def do_GET(self) -> None:
        job = self.server.jobs.get(self.path.removeprefix("/v1/fine_tuning/jobs/"))
        if job is None:
            self._refuse(404, f"No job {self.path}")
        else:
            self._answer(job)

    def _take_file(self, body: bytes) -> None:
        parts = _multipart(self.headers["Content-Type"], body)
        if parts.get("purpose") != b"fine-tune":
            self._refuse(400, "purpose must be fine-tune")
            return
        name = f"file-{len(self.server.files)}"
        self.server.files[name] = parts["file"]
        size = len(parts["file"])
        self._answer(
            {
                "id": name,
                "object": "file",
                "bytes": size,
                "created_at": 0,
                "filename": "openai.jsonl",
                "purpose": "fine-tune",
                "status": "processed",
            }
        )

    def _start_job(self, asked: dict[str, Any]) -> None:
        content = self.server.files.get(asked["training_file"])
        if content is None or asked["model"] != MODEL:
            self._refuse(400, "No such file or model.")
            return
        lacks = examine(content)
        name = f"ftjob-{len(self.server.jobs)}"
        self.server.jobs[name] = {
            "id": name,
            "object": "fine_tuning.job",
            "created_at": 0,
            "model": MODEL,
            "organization_id": "org-test",
            "result_files": [],
            "seed": 0,
            "training_file": asked["training_file"],
            "hyperparameters": asked["method"]["supervised"]["hyperparameters"],
            "status": "failed" if lacks else "succeeded",
            "error": {"code": "invalid_training_file", "message": lacks, "param": "training_file"} if lacks else None,
            "fine_tuned_model": None if lacks else f"ft:{MODEL}:org-test::0",
        }
        self._answer(self.server.jobs[name])

    def _answer(self, body: dict[str, Any], status: int = 200) -> None:
        encoded = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(encoded)))
        self.end_headers()
        self.wfile.write(encoded)

    def _refuse(self, status: int, message: str) -> None:
        self._answer({"error": {"message": message, "type": "invalid_request_error"}}, status)


def examine(content: bytes) -> str:
    """Say what a training file lacks; nothing where it is good. Written apart from the grader's own rules."""
    rows = [json.loads(line) for line in content.decode("utf-8").splitlines()]
    if len(rows) < FEWEST:
        return f"has {len(rows)} example(s), but must have at least {FEWEST}"
    for number, row in enumerate(rows, 1):
        if row.keys() != {"messages"}:
            return f"line {number}: keys {sorted(row)}"
        roles = [message["role"] for message in row["messages"]]
        if not set(roles) <= {"system", "user", "assistant"} or roles[-1] != "assistant":
            return f"line {number}: roles {roles}"
        for message in row["messages"]:
            weighed = "weight" in message
            if not message["content"].strip() or (
                weighed and (message["role"] != "assistant" or message["weight"] not in (0, 1))
            ):
                return f"line {number}: {message}"
    return ""


def _multipart(kind: str, body: bytes) -> dict[str, bytes]:
    message = message_from_bytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + body)
    found: dict[str, bytes] = {}
    for part in message.walk():
        name = part.get_param("name", header="Content-Disposition")
        content = part.get_payload(decode=True)
        if isinstance(name, str) and isinstance(content, bytes):
            found[name] = content
    return found
