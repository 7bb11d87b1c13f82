"""Helm values carry no key, token or password."""

import base64
import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from .resource import is_release, release_values, unread
from .rule import MANDATORY, Bounds, Resource, Rule
from .tree import walk

LOOKS_SECRET = {
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY( BLOCK)?-----|\bAGE-SECRET-KEY-1[A-Z0-9]{40,}"),
    "a Vault token": re.compile(r"\bhv[sbr]\.[A-Za-z0-9_-]{20,}|\bs\.[A-Za-z0-9]{24}\b"),
    "a signed web token": re.compile(r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\."),
    "an AWS access key": re.compile(r"\b(AKIA|ASIA)[A-Z0-9]{16}\b"),
    "a GitHub token": re.compile(r"\bgh[oprsu]_[A-Za-z0-9]{36}|\bgithub_pat_[A-Za-z0-9_]{22,}"),
    "a GitLab token": re.compile(r"\bglpat-[A-Za-z0-9_-]{20,}"),
    "a Slack token": re.compile(r"\bxox[abprs]-[A-Za-z0-9-]{10,}"),
    "a Pulumi token": re.compile(r"\bpul-[0-9a-f]{40}\b"),
    "a Google API key": re.compile(r"\bAIza[A-Za-z0-9_-]{35}\b"),
    "an HTTP login": re.compile(r"(?im)(^|authorization\W+)(basic|bearer) [A-Za-z0-9+/=._-]{8,}\W*$"),
    "a password in an address": re.compile(r"://[^/\s:@]*:[^/\s@$]+@"),
}
_NAMED = re.compile(
    r"(pass(words?|wd|phrases?)?|pwd|tokens?|secrets?|credentials?|authorization|dockerconfigjson"
    r"|(private|secret|access|api|signing|encryption)[_.-]?key)[0-9]*$",
    re.IGNORECASE,
)
_REFERENCE_NAME = re.compile(r"(existing\w*|pull_?|from_?)secrets?$|(bypass|compass)$", re.IGNORECASE)
"""Keys whose text is the name of a Secret."""
_REFERENCE = re.compile(r"\$(__\w+)?\{[^}]*\}|\$\(\w+\)|\$[A-Z_]+|secret:[^:\s]+:[^:\s]+|\{\{.*\}\}", re.DOTALL)
"""A text that is replaced where it is used."""
_SETTING = re.compile(
    r"""(?:^[\s-]*|[{,;&?\s])["']?(?P<name>[\w.-]+)["']?[ \t]*[:=][ \t]*"""
    r"""(?P<value>"[^"\n]*"|'[^'\n]*'|\$\w*\{[^}\n]*\}|\{\{.*?\}\}|[^\s,;&}\[{|>#\\"'][^\s,;&}]*)""",
    re.MULTILINE,
)
_SWITCH = re.compile(r"(?i)true|false|null|none|yes|no")
_PASSWORDS = re.compile(r"(?i)pass(words?|wd|phrases?)?[0-9]*$|pwd$")


def secret_kinds(value: str) -> Iterator[str]:
    """Yield the kinds of secret that a text contains, also one in base64."""
    for text in (value, _decoded(value)):
        yield from islice((kind for kind, pattern in LOOKS_SECRET.items() if pattern.search(text)), 1)


def secret_names(value: str) -> Iterator[str]:
    """Yield the names of secrets that a text sets, as in a file of settings: "password: ..." or "token=..."."""
    for match in () if _REFERENCE.fullmatch(value) else _SETTING.finditer(value):
        plain = match["value"].strip("\"'")
        if is_named_secret(match["name"]) and is_plain(match["name"], plain) and not _SWITCH.fullmatch(plain):
            yield match["name"]


def is_named_secret(place: str) -> bool:
    """Return True if a key, or the list that contains an entry, has a secret's name."""
    name = re.sub(r"(\[[0-9]+\])+$", "", place)
    return bool(_NAMED.search(name)) and not _REFERENCE_NAME.search(name)


def is_plain(place: str, value: Any) -> bool:
    """Return True for a literal text, and for a number in the place of a password."""
    if isinstance(value, str):
        return bool(value) and not _REFERENCE.fullmatch(value)
    return isinstance(value, int | float) and not isinstance(value, bool) and bool(_PASSWORDS.search(place))


def _decoded(value: str) -> str:
    packed = "".join(value.split())
    try:
        return base64.b64decode(packed, validate=True).decode("latin-1")
    except ValueError:
        return ""


def breaches(resource: Resource, _: Bounds) -> Iterator[str]:
    if not is_release(resource):
        return
    yield from unread(resource)
    for place, value in walk(release_values(resource)):
        # The value itself must not be repeated here: the message ends up in a pull request's comment.
        if isinstance(value, str):
            yield from (f"{place} holds {what}" for what in secret_kinds(value))
            yield from (f"{place} sets {name}" for name in secret_names(value))
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
