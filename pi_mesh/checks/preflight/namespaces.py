"""Namespaces that exist already must be this stack's, or be adopted: a destroy deletes what the stack owns."""

from collections.abc import Iterator

from pi_mesh.checks.finding import Finding, Subject, error, ok
from pi_mesh.cluster.objects import Namespace
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.inventory import Inventory
from pi_mesh.names import OWNER_ANNOTATION, owner

ID = "namespaces"
OTHER = "set vault.certManager.namespace to another, or vault.certManager.install: false to use what is there"


def check(mesh: Inventory, snapshot: Snapshot) -> Iterator[Finding]:
    for item in mesh.namespaces:
        found, key = snapshot.namespace(item.name), item.setting
        subject = Subject("namespace", item.name)
        if found is None:
            yield ok(ID, subject, "is not there yet")
        elif _is_owned(mesh.stack, found):
            yield ok(ID, subject, f"is of stack {mesh.stack}")
        elif item.adopted:
            yield ok(ID, subject, f"is adopted ({key}.adopt): a destroy leaves it")
        else:
            fix = f"set {key}.adopt: true to use it and leave it at destroy" if key else OTHER
            yield error(ID, subject, _whose(mesh.stack, found), fix)


def _is_owned(stack: str, namespace: Namespace) -> bool:
    return namespace.annotations.get(OWNER_ANNOTATION) == owner(stack)


def _whose(stack: str, namespace: Namespace) -> str:
    whose = namespace.annotations.get(OWNER_ANNOTATION)
    by = f"belongs to stack {whose}" if whose else "was not created by a stack of this program"
    return f"already exists and {by}; a destroy of stack {stack} would delete all that is in it"
