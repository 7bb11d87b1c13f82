"""The findings of checks, each with a fix, and warnings that become errors in the next version."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pi_mesh.cluster.policies import Policy

NAME_ALONE = ("setting", "certificate", "command", "component")
"""Kinds whose names are shown without the kind: `cluster.nodes`, `istioctl`, `istiod`."""


class Level(StrEnum):
    OK = "ok"
    WARNING = "warning"
    ERROR = "error"
    UNKNOWN = "unknown"
    """Level of a check that could not run, which is neither good nor bad."""


class Subject(NamedTuple):
    """The object that a finding is about."""

    kind: str
    """Kind of the object, such as node, pod, release, crd, namespace or setting."""
    name: str = ""
    """NAMESPACE/NAME, or NAME for a kind without namespaces, or a config key; empty for all objects of the kind."""

    def __str__(self) -> str:
        """Return the object's name in a sentence: "node pi-1", "nodes", "cluster.nodes"."""
        if self.kind in NAME_ALONE:
            return self.name
        if self.name:
            return f"{self.kind} {self.name}"
        return self.kind if self == CLUSTER else f"{self.kind}s"


CLUSTER = Subject("cluster")


def setting(key: str) -> Subject:
    """Return the config key as the subject of a finding."""
    return Subject("setting", key)


def subject_of(policy: "Policy") -> Subject:
    return Subject(policy.kind, policy.id)


@dataclass(frozen=True)
class Finding:
    """One result of a check: the check, the object, the observation and the remedy."""

    id: str
    """Name of the check, the same in every run."""
    kind: str
    """Kind of the object, such as node, pod, release, crd, namespace, setting or cluster."""
    name: str
    """NAMESPACE/NAME or NAME of the object, or the config key; empty for all objects of the kind."""
    level: Level
    """Level of the finding. Only errors make an operation fail; unknown is a check that could not run."""
    number: float | None
    """Measured number: bytes of memory, days of a certificate, otherwise a count; null without a measurement."""
    message: str
    """Observation about the object."""
    fix: str
    """Remedy for the user, such as a command; empty if none is needed."""

    @property
    def subject(self) -> Subject:
        return Subject(self.kind, self.name)

    def __str__(self) -> str:
        return f"{self.subject}: {self.message}" + (f"; {self.fix}" if self.fix else "")


def ok(id: str, subject: Subject, message: str, *, number: float | None = None) -> Finding:
    return Finding(id, *subject, Level.OK, number, message, "")


def warning(id: str, subject: Subject, message: str, fix: str, *, number: float | None = None) -> Finding:
    return Finding(id, *subject, Level.WARNING, number, message, fix)


def error(id: str, subject: Subject, message: str, fix: str, *, number: float | None = None) -> Finding:
    return Finding(id, *subject, Level.ERROR, number, message, fix)


def unknown(id: str, subject: Subject, message: str, fix: str = "") -> Finding:
    return Finding(id, *subject, Level.UNKNOWN, None, message, fix)


def as_warning(finding: Finding) -> Finding:
    """Return an error as a warning, and any other finding unchanged."""
    return replace(finding, level=Level.WARNING) if finding.level is Level.ERROR else finding


def errors(findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings that must stop an install or fail a verification."""
    return [finding for finding in findings if finding.level is Level.ERROR]


# A setting that the cluster itself would refuse is refused at once. A setting that works, but opens something or does
# not do what it says, is a warning for one version, so that a running stack has time to change.
NEXT = "0.3.0"


def refused_next(id: str, subject: Subject, message: str, fix: str) -> Finding:
    """Return a warning that names the version in which it becomes an error."""
    return warning(id, subject, f"{message}; pi-mesh {NEXT} refuses it", fix)
