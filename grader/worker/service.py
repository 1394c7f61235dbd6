"""The worker's half of a call: request in, reply out. Holds the objects that stay behind as handles."""

import gc
from collections.abc import Callable, Mapping

from grader.worker import plain, probes, tracebacks, wire
from grader.worker.loader import Loader


class Service:
    """Answers requests with a submission's functions and the probes."""

    def __init__(
        self,
        loader: Loader,
        folders: Mapping[str, str],
        *,
        passing: tuple[type[BaseException], ...] = (),
        renew: Callable[[], None] = lambda: None,
    ) -> None:
        """Exceptions of the classes in `passing` are not the student's: they go through to the caller.

        `renew` puts back what the process itself holds of earlier calls, where a request asks to begin anew.
        """
        self._loader = loader
        self._folders = folders
        self._passing = passing
        self._renew = renew
        self._objects: dict[int, object] = {}
        self._next = 0
        self.error: BaseException | None = None

    def answer(self, payload: bytes) -> bytes:
        """Carry out one request and return the reply as a frame. `error` keeps what the student's code raised."""
        request = wire.decode_request(payload, self._objects.__getitem__)
        for id in request.forget:
            self._objects.pop(id, None)
        self.error = None
        called = False
        try:
            if request.anew:
                self._begin_anew()
            function = self._function(request)
            called = True
            value = plain.lower(function(*request.args, **request.kwargs), self._keep)
            return wire.encode(wire.Returned(number=request.number, value=value))
        except self._passing:
            raise
        except BaseException as error:
            self.error = error
            return wire.encode(
                tracebacks.report(request.number, error, self._loader.root, self._folders, called=called)
            )

    def _begin_anew(self) -> None:
        self._objects.clear()
        self._loader.forget()
        self._renew()
        gc.collect()

    def _function(self, request: wire.Request) -> probes.Function:
        if request.kind == "probe":
            self._loader.activate()
            return probes.named(request.function)
        return self._loader.function(request.module, request.function)

    def _keep(self, value: object) -> object:
        self._next += 1
        self._objects[self._next] = value
        return wire.handle_extension(self._next, value)
