"""What every check returns."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    OK = "ok"
    WARNING = "warning"
    ERROR = "error"
    UNKNOWN = "unknown"
    """It could not be found out: neither good nor bad."""


@dataclass(frozen=True)
class Finding:
    """One judgement: what was checked, where, what was seen, and what to do about it."""

    level: Level
    check: str
    """The check's name, the same in every run."""
    where: str
    """The node, object or config key that it is about."""
    message: str
    fix: str = ""

    def __str__(self) -> str:
        """One clear line."""
        return f"{self.where}: {self.message}" + (f"; {self.fix}" if self.fix else "")


def ok(check: str, where: str, message: str) -> Finding:
    return Finding(Level.OK, check, where, message)


def warning(check: str, where: str, message: str, fix: str) -> Finding:
    return Finding(Level.WARNING, check, where, message, fix)


def error(check: str, where: str, message: str, fix: str) -> Finding:
    return Finding(Level.ERROR, check, where, message, fix)


def unknown(check: str, where: str, message: str, fix: str = "") -> Finding:
    return Finding(Level.UNKNOWN, check, where, message, fix)


def errors(findings: Iterable[Finding]) -> list[Finding]:
    """Those that must stop an install, or fail a verification."""
    return [finding for finding in findings if finding.level is Level.ERROR]
