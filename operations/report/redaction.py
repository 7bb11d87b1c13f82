"""The files of an archive, and the removal of secrets from them: those that are known, and what looks like one."""

import base64
import binascii
import io
import json
import os
import re
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pi_mesh.cluster import kubeconfig
from pi_mesh.cluster.client import Client
from pi_mesh.cluster.errors import Forbidden
from pi_mesh.settings.pulumi_config import decoded

REMOVED = "[removed]"
SHORTEST = 6
"""Shortest known secret that is removed: a shorter one would be part of many words."""

_WORDS = r"(?:passw(?:or)?d|pwd|passphrase|token|secret(?:[_-]?id)?|credentials?|(?:api|access|private|secret)[_-]?key)"
SECRET_NAME = re.compile(rf"(?i){_WORDS}$")
"""A name whose value is a secret."""
_LOOKS_SECRET = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?s)-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)",
        r"\bAGE-SECRET-KEY-1[A-Z0-9]{40,}",
        r"\bhv[sbr]\.[A-Za-z0-9_-]{20,}|\bs\.[A-Za-z0-9]{24}\b",  # Vault
        r"\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}(?:\.[A-Za-z0-9_-]*)?",  # a signed web token
        r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b",
        r"\bgh[oprsu]_[A-Za-z0-9]{36}|\bgithub_pat_\w{22,}|\bglpat-[\w-]{20,}|\bpul-[0-9a-f]{40}\b",
        r"(?<=://)[^/\s:@\"]*:[^\s\"@]*(?:@[^\s\"@]*)*(?=@[\w.-]+(?:[:/?\s\"']|$))",
        r"\bAIza[\w-]{35}\b|\bxox[abprs]-[\w-]{10,}|(?<=hooks\.slack\.com/)[\w/-]{10,}",
        r"(?<=\bBearer )[\w+/=.~-]{8,}|(?<=\bbearer )[\w+/=.~-]{8,}|(?<=\bBasic )[\w+/=]*[0-9=][\w+/=]*",
    )
)
_NAMED = tuple(
    re.compile(rf"(?i)({name})({value})")
    for name, value in (
        (rf"\b[\w.-]*{_WORDS}=", r"\"[^\"]*\"|'[^']*'|[^\s,;&\"']+"),
        (rf"\\?[\"'][\w.-]*{_WORDS}\\?[\"']\s*:\s*", r"\\?\"(?:[^\"\\]|\\.)*\"|'[^']*'|[^\s,}\"']+"),
        (r"\b(?:authorization|password|passphrase)\\?[\"']?:\s*", r"(?:bearer |basic )?[^\s,;\"']+"),
        # To the end of the line, or of the quotes in which Envoy logs headers: 'cookie', 'a=b; session=c'.
        (r"\b(?:set-)?cookie\\?[\"']?(?::|',)\s*[\"']?", r"[^\n\"']+"),
        (r"\bx-[\w-]*(?:key|token|secret|auth)[\w-]*\\?[\"']?(?::|',)\s*[\"']?", r"[^\s\"']+"),
        (r"/[^\s\"'?]*\?", r"[^\s\"']+"),  # the query of a request, in an access log
    )
)


def _may_be_secret(value: object) -> bool:
    """Return True for a text or a number: YAML reads a password of digits as one."""
    return isinstance(value, str | int | float) and not isinstance(value, bool)


class Redactor:
    """The removal of all known secrets, and of what looks like one."""

    def __init__(self, known: Iterable[str] = ()) -> None:
        """Remove the known texts too, the longest first."""
        self._known = sorted({text for text in known if len(text) >= SHORTEST}, key=len, reverse=True)
        self.removed = 0
        """Number of places from which something was removed."""

    def text(self, text: str) -> str:
        """Return a text without secrets."""
        for known in self._known:
            if known in text:
                self.removed += text.count(known)
                text = text.replace(known, REMOVED)
        for pattern in _LOOKS_SECRET:
            text, count = pattern.subn(REMOVED, text)
            self.removed += count
        for pattern in _NAMED:
            text = pattern.sub(self._value, text)
        return text

    def tree(self, value: Any) -> Any:
        """Return the content of a JSON document without secrets."""
        if isinstance(value, dict):
            return {self.text(str(key)): self._entry(str(key), entry) for key, entry in value.items()}
        if isinstance(value, list | tuple):
            return [self.tree(entry) for entry in value]
        return self.text(value) if isinstance(value, str) else value

    def _entry(self, key: str, value: Any) -> Any:
        if _may_be_secret(value) and value and SECRET_NAME.search(key):
            self.removed += 1
            return REMOVED
        return self.tree(value)

    def _value(self, match: re.Match[str]) -> str:
        if match[2] == REMOVED:
            return match[0]
        self.removed += 1
        return f"{match[1]}{REMOVED}"


# The secrets that a report could meet are read to be removed wherever they occur, and are never written.

HELMS_RECORDS = "helm.sh/release.v1"
_FILE = re.compile(r"(?i)(?:token|passphrase|password|key|secret)_file$")
_NO_SECRET = re.compile(r"(?i)^(?:.*user(?:name)?|email|namespace|type|server|address|url|host)$")
"""Keys of a Secret whose values are words of every report."""
SHORTEST_LINE = 16
"""Shortest line of a multi-line secret that is a secret by itself."""


def environment_secrets(environment: Mapping[str, str]) -> Iterator[str]:
    """Yield the secrets in variables, and in files that variables name."""
    for name, value in environment.items():
        if SECRET_NAME.search(name):
            yield value
        elif _FILE.search(name):
            with suppress(OSError, ValueError):
                yield from _spread(Path(value).read_text().strip())


def kubeconfig_secrets(context: str) -> Iterator[str]:
    user = kubeconfig.connection(context).user
    for value in (user.token, user.password, user.client_key_data) if user else ():
        yield from _spread(value or "")


def cluster_secrets(client: Client, namespaces: Iterable[str]) -> Iterator[str]:
    """Yield the content of the Secrets in some namespaces, as text and in base64; of none that may not be read."""
    for namespace in namespaces:
        listed: list[dict] = []
        with suppress(Forbidden):
            listed = client.items(f"/api/v1/namespaces/{namespace}/secrets", fieldSelector=f"type!={HELMS_RECORDS}")
        for key, packed in (entry for secret in listed for entry in (secret.get("data") or {}).items()):
            if not _NO_SECRET.match(key):
                yield packed
                with suppress(binascii.Error, UnicodeDecodeError):
                    yield from _spread(base64.b64decode(packed).decode())


def settings_secrets(config: Mapping[str, Any]) -> Iterator[str]:
    """Yield the texts of a stack's plain settings whose key names a secret."""
    for key, text in _texts(config):
        if SECRET_NAME.search(key):
            yield from _spread(text)


def _spread(text: str) -> Iterator[str]:
    """Yield a secret, its lines and, of a file of logins, its entries: a log may contain a part of it."""
    yield text
    lines = text.splitlines()
    if len(lines) > 1:
        yield from (line for line in lines if len(line) >= SHORTEST_LINE and not line.startswith("-----"))
    if text.startswith("{"):
        with suppress(ValueError):
            yield from (entry for key, entry in _texts(json.loads(text)) if not _NO_SECRET.match(key))


def _texts(tree: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Yield the texts of a tree, each with the key that it, or its list, has."""
    if isinstance(tree, str):
        yield key, tree
    elif isinstance(tree, Mapping | list):
        entries = tree.items() if isinstance(tree, Mapping) else ((key, entry) for entry in tree)
        for name, entry in entries:
            yield from _texts(entry, str(name))


EXTRA_VALUES = "values"
"""Key of extra Helm values, which may hold a password under any name."""


def settings_without_secrets(config: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return the settings of `pulumi config --json`, by full key."""
    return {
        key: REMOVED if entry.get("secret") else _without_extra(decoded(entry.get("objectValue", entry.get("value"))))
        for key, entry in config.items()
    }


def _without_extra(value: Any, key: str = "") -> Any:
    if isinstance(value, Mapping):
        below = EXTRA_VALUES if key == EXTRA_VALUES else ""
        return {name: _without_extra(entry, below or name) for name, entry in value.items()}
    if isinstance(value, list):
        return [_without_extra(entry, key) for entry in value]
    return REMOVED if key == EXTRA_VALUES and _may_be_secret(value) else value


LARGEST_FILE = 256 * 1024
"""Bytes of one text, of which the end is kept."""
CUT = "[the beginning was left out]\n"


@dataclass(frozen=True)
class ArchiveFile:
    name: str
    content: Any
    """A text, or the content of a JSON document."""


def rendered_file(part: ArchiveFile, redactor: Redactor) -> bytes:
    """Return the bytes of a file without secrets."""
    if not isinstance(part.content, str):
        return f"{json.dumps(redactor.tree(part.content), indent=2)}\n".encode()
    content = redactor.text(part.content).encode()
    if len(content) <= LARGEST_FILE:
        return content
    return CUT.encode() + content[len(CUT) - LARGEST_FILE :].decode(errors="ignore").encode()


def write_archive(target: Path, folder: str, files: Mapping[str, bytes], modified: float) -> int:
    """Write the archive and return its size. Raises OSError, also where the file exists already."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(f"{folder}/{name}")
            entry.size, entry.mtime, entry.mode = len(content), int(modified), 0o600
            tar.addfile(entry, io.BytesIO(content))
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(packed.getbuffer())
    return packed.getbuffer().nbytes
