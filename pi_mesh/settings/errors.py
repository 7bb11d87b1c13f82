"""Settings problems, one clear line each: the key's path, the value, what is allowed."""

from collections.abc import Iterable, Mapping

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from pi_mesh.model.patterns import ALLOWED


class SettingsError(ValueError):
    """The stack's settings can't be used; `problems` has a line for each reason."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        count = len(self.problems)
        noun = "problem" if count == 1 else "problems"
        super().__init__("\n".join([f"{count} {noun} in the stack's settings:", *(f"  {p}" for p in self.problems)]))


def lines(error: ValidationError) -> list[str]:
    """A line for each problem that pydantic found."""
    return [_line(detail) for detail in error.errors(include_url=False) if not _is_echo(detail)]


def _is_echo(detail: ErrorDetails) -> bool:
    """Whether pydantic calls a list too short only because it left out an entry that has a problem of its own."""
    return detail["type"] == "too_short" and len(detail["input"]) >= detail.get("ctx", {})["min_length"]


def _line(detail: ErrorDetails) -> str:
    path = _path(detail["loc"])
    if detail["type"] == "missing":
        return f"{path}: is required"
    if detail["type"] == "extra_forbidden":
        return f"{path}: is not a setting; see docs/config.md"
    allowed = ALLOWED.get(detail.get("ctx", {}).get("pattern", ""))
    message = f"is not {allowed}" if allowed else detail["msg"].removeprefix("Value error, ")
    value = detail["input"]
    shown = "" if isinstance(value, Mapping) else f"{value!r}: "
    return f"{path}: {shown}{message[0].lower()}{message[1:]}"


def _path(location: tuple[str | int, ...]) -> str:
    path = ""
    for part in location:
        if part != "[key]":  # pydantic's mark for a wrong key, which stands before it
            path += f"[{part}]" if isinstance(part, int) else f".{part}"
    return path.removeprefix(".") or "settings"
