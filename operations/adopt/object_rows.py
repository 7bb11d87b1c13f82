"""The rows of a plan for existing objects that the settings describe, with the changes that `up` makes."""

from collections.abc import Iterator

from operations.adopt import held_fields
from operations.adopt.entries import live_inputs
from operations.adopt.existing_mesh import Found
from pi_mesh.checks.finding import Finding, Subject, ok, warning
from pi_mesh.checks.verify.difference import ABSENT, shorten
from pi_mesh.checks.verify.unapplied import unequal

ID = "objects"
BOUNDS = ("Sidecar", "ResourceQuota", "LimitRange")
FELT = ("PeerAuthentication", "AuthorizationPolicy", *BOUNDS)
"""Kinds of object whose change affects running pods."""


def of(one: Found) -> Iterator[Finding]:
    """Yield the rows of an adopted object: its changes by `up`, and the field managers that would refuse them."""
    kind, meta = one.wanted["kind"], one.live["metadata"]
    subject = Subject(kind.lower(), "/".join(filter(None, (meta.get("namespace"), meta["name"]))))
    changed = [*unequal(_content(one.wanted), _content(live_inputs(one)))]
    if not changed:
        yield ok(ID, subject, "is adopted unchanged")
        return
    lines = "; ".join(f"{path} {becomes(live, wanted)}" for path, wanted, live in changed)
    message = f"is adopted, and `up` changes it: {lines}"
    yield warning(ID, subject, message, "") if kind in FELT else ok(ID, subject, message)
    for path, manager in held_fields.holders(one, paths_held(one)):
        yield ok(ID, subject, f"{path} is managed by {manager}; --yes makes the stack its manager")


def paths_held(one: Found) -> list[str]:
    """Return the paths of existing fields that change."""
    changed = unequal(_content(one.wanted), _content(live_inputs(one)))
    return [path for path, _, live in changed if live is not ABSENT]


def _content(manifest: object) -> dict:
    assert isinstance(manifest, dict)
    return {key: value for key, value in manifest.items() if key not in ("apiVersion", "kind")}


def becomes(live: object, wanted: object) -> str:
    """Return the change of a value in words."""
    if wanted is ABSENT:
        return f"{shorten(live)} goes"
    return f"becomes {shorten(wanted)}" if live is ABSENT else f"{shorten(live)} becomes {shorten(wanted)}"
