"""The secrets that a report could meet: those of the environment, the kubeconfig and the mesh's namespaces.

They are read to be removed wherever they occur, and are never written.
"""

import base64
import binascii
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from operations.bug_report.redaction import SECRET_NAME
from pi_mesh.cluster import kubeconfig
from pi_mesh.cluster.client import Client
from pi_mesh.cluster.errors import Forbidden

HELMS_RECORDS = "helm.sh/release.v1"
_FILE = re.compile(r"(?i)(?:token|passphrase|password|key|secret)_file$")
_NO_SECRET = re.compile(r"(?i)^(?:.*user(?:name)?|email|namespace|type|server|address|url|host)$")
"""Keys of a Secret whose values are words of every report."""
SHORTEST_LINE = 16
"""Shortest line of a multi-line secret that is a secret by itself."""


def of_environment(environment: Mapping[str, str]) -> Iterator[str]:
    """Yield the secrets in variables, and in files that variables name."""
    for name, value in environment.items():
        if SECRET_NAME.search(name):
            yield value
        elif _FILE.search(name):
            try:
                yield from _spread(Path(value).read_text().strip())
            except (OSError, ValueError):
                continue


def of_kubeconfig(context: str) -> Iterator[str]:
    """Yield the credentials of the kubeconfig's user."""
    user = kubeconfig.connection(context).user
    for value in (user.token, user.password, user.client_key_data) if user else ():
        yield from _spread(value or "")


def of_cluster(client: Client, namespaces: Iterable[str]) -> Iterator[str]:
    """Yield the content of the Secrets in some namespaces, as text and in base64; of none that may not be read."""
    for namespace in namespaces:
        try:
            secrets = client.items(f"/api/v1/namespaces/{namespace}/secrets", fieldSelector=f"type!={HELMS_RECORDS}")
        except Forbidden:
            continue
        for secret in secrets:
            for key, packed in (secret.get("data") or {}).items():
                if not _NO_SECRET.match(key):
                    yield from _packed(packed)


def of_settings(value: Any, key: str = "") -> Iterator[str]:
    """Yield the texts of a stack's plain settings whose key names a secret."""
    if isinstance(value, Mapping):
        for name, entry in value.items():
            yield from of_settings(entry, str(name))
    elif isinstance(value, list):
        for entry in value:
            yield from of_settings(entry, key)
    elif isinstance(value, str) and SECRET_NAME.search(key):
        yield from _spread(value)


def _packed(packed: str) -> Iterator[str]:
    yield packed
    try:
        text = base64.b64decode(packed).decode()
    except (binascii.Error, UnicodeDecodeError):
        return
    yield from _spread(text)


def _spread(text: str) -> Iterator[str]:
    """Yield a secret, its lines and, of a file of logins, its entries: a log may contain a part of it."""
    yield text
    lines = text.splitlines()
    if len(lines) > 1:
        yield from (line for line in lines if len(line) >= SHORTEST_LINE and not line.startswith("-----"))
    if text.startswith("{"):
        try:
            yield from _leaves(json.loads(text))
        except ValueError:
            return


def _leaves(value: Any, key: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for name, entry in value.items():
            yield from _leaves(entry, name)
    elif isinstance(value, str) and not _NO_SECRET.match(key):
        yield value
