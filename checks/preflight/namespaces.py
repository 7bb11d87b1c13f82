"""Namespaces that are there already must be ours, or be handed over: a destroy deletes what the stack owns."""

from collections.abc import Iterator

from checks.finding import Finding, error, ok
from checks.mesh import owned
from cluster.snapshot import Snapshot
from facts.project import OWNER_ANNOTATION
from settings import Settings

NAME = "namespaces"


def check(settings: Settings, snapshot: Snapshot, stack: str) -> Iterator[Finding]:
    branches = (("istio", settings.istio), ("trading", settings.trading))
    for key, branch in branches:
        found = snapshot.namespace(branch.namespace)
        where = f"namespace {branch.namespace}"
        if found is None:
            yield ok(NAME, where, "is not there yet")
        elif owned(stack, found):
            yield ok(NAME, where, f"is of stack {stack}")
        elif branch.adopt:
            yield ok(NAME, where, f"is adopted ({key}.adopt): a destroy leaves it")
        else:
            whose = found.annotations.get(OWNER_ANNOTATION, "nobody known")
            message = f"is there already, of {whose}, not of stack {stack}: a destroy would delete all that is in it"
            yield error(NAME, where, message, f"set {key}.adopt: true to use it and leave it at destroy")
