"""Typer's commands and groups, where their help and their complaints would speak of Python."""

# ruff: noqa: ANN401 - what Typer hands over here has no public type

from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

NO_SUCH_COMMAND = "No such command"


class Command(TyperCommand):
    """A command."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the arguments; a value that is refused is refused without the name of an exception."""
        try:
            return super().parse_args(ctx, args)
        except typer.BadParameter as error:
            error.message = error.message.removeprefix("Value error, ")
            raise

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the parameters; in the help a flag has no type, and an option the name of its value."""
        return [_name_value(param) for param in super().get_params(ctx)]


class Group(TyperGroup):
    """A group of commands; it lists them where it is asked for one that there is not."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command."""
        try:
            return super().resolve_command(ctx, args)
        except Exception as error:
            message = getattr(error, "message", "")
            if message.startswith(NO_SUCH_COMMAND):
                error.message = f"{message} There is {', '.join(self.commands)}."  # type: ignore[attr-defined]
            raise

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the parameters, as a command does."""
        return [_name_value(param) for param in super().get_params(ctx)]


def _name_value(param: Any) -> Any:
    shown = "" if getattr(param, "is_flag", False) else param.metavar
    if shown is not None and param.param_type_name == "option":
        param.display_type_rich = lambda ctx: shown
    return param
