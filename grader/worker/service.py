"""The worker's half of a call: request in, reply out. Holds the objects that stay behind as handles."""

from collections.abc import Mapping

from grader.worker import plain, probes, tracebacks, wire
from grader.worker.loader import Loader


class Service:
    """Answers requests with a submission's functions and the probes."""

    def __init__(self, loader: Loader, folders: Mapping[str, str], passing: tuple[type[BaseException], ...]) -> None:
        """Exceptions of the classes in `passing` are not the student's: they go through to the caller."""
        self._loader = loader
        self._folders = folders
        self._passing = passing
        self._objects: dict[int, object] = {}
        self._next = 0
        self.error: BaseException | None = None

    def answer(self, payload: bytes) -> bytes:
        """Carry out one request and return the reply as a frame. `error` keeps what the student's code raised."""
        request = wire.decode_request(payload, self._objects.__getitem__)
        for id in request.forget:
            self._objects.pop(id, None)
        self.error = None
        try:
            function = self._function(request)
            value = plain.lower(function(*request.args, **request.kwargs), self._keep)
            return wire.encode(wire.Returned(number=request.number, value=value))
        except self._passing:
            raise
        except BaseException as error:
            self.error = error
            return wire.encode(tracebacks.report(request.number, error, self._loader.root, self._folders))

    def _function(self, request: wire.Request) -> probes.Function:
        if request.kind == "probe":
            self._loader.activate()
            return probes.named(request.function)
        return self._loader.function(request.module, request.function)

    def _keep(self, value: object) -> object:
        self._next += 1
        self._objects[self._next] = value
        return wire.handle_extension(self._next, value)
