"""Namespaces that are there already must be ours, or be handed over: a destroy deletes what the stack owns."""

from collections.abc import Iterator

from pi_mesh.checks.finding import Finding, Subject, error, ok
from pi_mesh.checks.ownership import cert_manager_release, owned
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.names import OWNER_ANNOTATION
from pi_mesh.settings import Settings

ID = "namespaces"
OTHER = "set vault.certManager.namespace to another, or vault.certManager.install: false to use what is there"


def check(settings: Settings, snapshot: Snapshot, stack: str) -> Iterator[Finding]:
    for key, name, adopted in _ours(settings):
        found = snapshot.namespace(name)
        subject = Subject("namespace", name)
        if found is None:
            yield ok(ID, subject, "is not there yet")
        elif owned(stack, found):
            yield ok(ID, subject, f"is of stack {stack}")
        elif adopted:
            yield ok(ID, subject, f"is adopted ({key}.adopt): a destroy leaves it")
        else:
            whose = found.annotations.get(OWNER_ANNOTATION, "nobody known")
            message = f"is there already, of {whose}, not of stack {stack}: a destroy would delete all that is in it"
            yield error(
                ID, subject, message, f"set {key}.adopt: true to use it and leave it at destroy" if key else OTHER
            )


def _ours(settings: Settings) -> Iterator[tuple[str, str, bool]]:
    """The settings' key, empty where a namespace can't be adopted; its name; whether it is."""
    for key, branch in (("istio", settings.istio), ("trading", settings.trading)):
        yield key, branch.namespace, branch.adopt
    if cert_manager_release(settings):
        yield "", settings.vault.cert_manager.namespace, False
