"""Helm values carry no key, token or password."""

import re
from collections.abc import Iterator

from .resource import RELEASE, release_values, walk
from .rule import MANDATORY, Bounds, Resource, Rule

LOOKS_SECRET = {
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    "a Vault token": re.compile(r"\bhv[sbr]\.[A-Za-z0-9_-]{20,}|\bs\.[A-Za-z0-9]{24}\b"),
    "a signed web token": re.compile(r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\."),
    "an AWS access key": re.compile(r"\b(AKIA|ASIA)[A-Z0-9]{16}\b"),
    "a GitHub token": re.compile(r"\bgh[opsu]_[A-Za-z0-9]{36}"),
}
NAMED_SECRET = re.compile(r"(password|passwd|token|private_?key|secret_?key|api_?key)$", re.IGNORECASE)


def breaches(resource: Resource, _: Bounds) -> Iterator[str]:
    if resource.resource_type != RELEASE:
        return
    for place, value in walk(release_values(resource)):
        if isinstance(value, str) and value:
            # The value itself must not be repeated here: the message ends up in a pull request's comment.
            yield from (f"{place} holds {what}" for what, pattern in LOOKS_SECRET.items() if pattern.search(value))
            if NAMED_SECRET.search(place):
                yield f"{place} is set"


RULE = Rule(
    "no-secrets-in-values",
    "Helm values carry no key, token or password",
    MANDATORY,
    "Helm keeps values readable in the cluster, in each of the release's revisions",
    "put it into a Kubernetes Secret and give the chart the Secret's name",
    breaches=breaches,
)
