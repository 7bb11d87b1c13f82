"""Helm values carry no key, token or password."""

from collections.abc import Iterator, Mapping
from typing import Any

from .looks_secret import held, is_named_secret, is_plain, set_in
from .resource import is_release, release_values, unread
from .rule import MANDATORY, Bounds, Resource, Rule
from .tree import walk


def breaches(resource: Resource, _: Bounds) -> Iterator[str]:
    if not is_release(resource):
        return
    yield from unread(resource)
    for place, value in walk(release_values(resource)):
        # The value itself must not be repeated here: the message ends up in a pull request's comment.
        if isinstance(value, str):
            yield from (f"{place} holds {what}" for what in held(value))
            yield from (f"{place} sets {name}" for name in set_in(value))
        if is_plain(place, value) and is_named_secret(place):
            yield f"{place} is set"
        elif isinstance(value, Mapping):
            yield from _of_pair(place, value)


def _of_pair(place: str, pair: Mapping[str, Any]) -> Iterator[str]:
    """Judge {name: DB_PASSWORD, value: ...} as an environment variable stands in a list."""
    for key in ("name", "key"):
        name = pair.get(key)
        if isinstance(name, str) and is_named_secret(name) and "value" in pair and is_plain(name, pair["value"]):
            yield f"{place}.value is set for {name}"


RULE = Rule(
    "no-secrets-in-values",
    "Helm values carry no key, token or password",
    MANDATORY,
    "Helm keeps values readable in the cluster, in each of the release's revisions",
    "put it into a Kubernetes Secret and give the chart the Secret's name",
    breaches=breaches,
)
