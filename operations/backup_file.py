"""The file of a backup: its content, its encryption by age (https://age-encryption.org/v1), and its faults."""

import json
import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import pyrage
from pydantic import BaseModel, ConfigDict, ValidationError

from operations.failures import UsageError
from pi_mesh.certificates import bundle
from pi_mesh.certificates.pem import CertificateError
from pi_mesh.checks.finding import Finding, Subject, error, ok, setting, warning
from pi_mesh.cluster import mesh_ca
from pi_mesh.inventory import chart_lock

CONTENT, CA = "backup", "backup of the ca"
FORMAT = 1
KEY = "`export PULUMI_CONFIG_PASSPHRASE_FILE=FILE`, or name the key's file with --identity"


class Backup(BaseModel):
    """A mesh without its cluster: what `restore` needs on new boards."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = FORMAT
    program: str
    """Version of this program that wrote the backup."""
    stack: str
    """Name of the stack, without its organization."""
    time: datetime
    cluster_uid: str
    istio: str
    kubernetes: str
    architectures: tuple[str, ...]
    """Architectures of the nodes, such as arm64."""
    key_in_vault: str
    """Address and mount of the Vault that alone has the CA's key; empty where the file has it."""
    files: Mapping[str, str]
    """The stack file, the chart lock and the policies' bounds by their paths in the project's folder."""
    state: Mapping[str, Any]
    """The state as `pulumi stack export` gives it: its secrets stay encrypted by the stack's own provider."""
    secrets: tuple[Mapping[str, Any], ...]
    """The Secrets of the mesh's CA, as manifests."""
    roots: str
    """Root certificates that the workloads trust, in PEM form."""


def plain_name(stack: str) -> str:
    return stack.rpartition("/")[2]


def places(stack: str) -> tuple[str, ...]:
    """Return the paths of the files that a backup may have: nothing else is ever written by a restore."""
    return f"Pulumi.{stack}.yaml", chart_lock.FILE, f"policies/config/{stack}.json"


def encrypted(backup: Backup, recipient: str | None) -> bytes:
    """Return the file for an age or SSH public key, or without one for the stack's passphrase. Raises UsageError."""
    content = backup.model_dump_json().encode()
    if recipient is None:
        return pyrage.passphrase.encrypt(content, _passphrase(backup.stack))
    kind = pyrage.ssh if recipient.startswith("ssh-") else pyrage.x25519
    try:
        return pyrage.encrypt(content, [kind.Recipient.from_str(recipient)])
    except (pyrage.RecipientError, pyrage.EncryptError) as problem:
        raise UsageError(backup.stack, f"--recipient is no public key: {problem}", "`age-keygen` makes one") from None


def read(path: Path, stack: str, identity: Path | None) -> Backup:
    """Return the content of a file, by the key in the file `identity` or by the stack's passphrase.

    Raises UsageError with one line where it is no backup of this stack, not whole, or the key is another.
    """
    try:
        content = json.loads(_decrypted(path.read_bytes(), stack, identity))
        if isinstance(content, dict) and content.get("format") != FORMAT:
            message = f"{path} has format {content.get('format')}, written by pi-mesh {content.get('program')}"
            raise UsageError(stack, f"{message}; this version reads format {FORMAT}", "use that version of pi-mesh")
        backup = Backup.model_validate(content)
    except OSError as problem:
        raise UsageError(stack, f"{path} can't be read: {problem.strerror}", "name the file of a backup") from None
    except pyrage.DecryptError as problem:
        message = f"{path} can't be decrypted; its key is another, or it is not whole: {problem}"
        raise UsageError(stack, message, KEY) from None
    except (ValueError, ValidationError):
        raise UsageError(stack, f"{path} is decrypted, and no backup of pi-mesh", "name another file") from None
    if others := sorted({*backup.files} - {*places(backup.stack)}):
        # Whoever knows a public key can encrypt for it.
        raise UsageError(stack, f"{path} would write {', '.join(others)}", "it is not from `backup`: do not use it")
    if backup.stack != plain_name(stack):
        raise UsageError(stack, f"{path} is a backup of stack {backup.stack}", f"use -s {backup.stack}")
    return backup


def _decrypted(content: bytes, stack: str, identity: Path | None) -> bytes:
    if identity is None:
        return pyrage.passphrase.decrypt(content, _passphrase(stack))
    text = identity.read_bytes()
    try:
        if text.startswith(b"-----BEGIN"):
            return pyrage.decrypt(content, [pyrage.ssh.Identity.from_buffer(text)])
        lines = (line for line in text.decode().splitlines() if line and not line.startswith("#"))
        return pyrage.decrypt(content, [pyrage.x25519.Identity.from_str(line) for line in lines])
    except (pyrage.IdentityError, UnicodeDecodeError) as problem:
        raise UsageError(stack, f"--identity {identity} has no age or SSH key: {problem}", KEY) from None


def _passphrase(stack: str) -> str:
    """Return the stack's own passphrase, from where Pulumi takes it."""
    file, text = os.environ.get("PULUMI_CONFIG_PASSPHRASE_FILE"), os.environ.get("PULUMI_CONFIG_PASSPHRASE")
    if not text and file:
        text = Path(file).read_text().strip()
    if not text:
        raise UsageError(stack, "no passphrase is set, which is the backup's key", f"{KEY} or --recipient")
    return text


def judged(backup: Backup, now: datetime | None = None) -> Iterator[Finding]:
    """Judge whether the mesh can be restored with the root that its clients trust."""
    age = (now or datetime.now(UTC)) - backup.time
    content = f"of {backup.time:%Y-%m-%d %H:%M} UTC, Istio {backup.istio}, {len(backup.files)} files, the state"
    yield ok(CONTENT, Subject("stack", backup.stack), content, number=age.days)
    yield from (_of_secret(secret, now or datetime.now(UTC)) for secret in backup.secrets)
    if backup.key_in_vault:
        message = f"the CA's key is in {backup.key_in_vault} alone, and not in the backup"
        yield warning(CA, setting("vault.key"), message, "back up Vault too: `vault operator raft snapshot save FILE`")
    elif not backup.secrets:
        message = "has no CA: after a restore istiod makes another root, and clients outside the mesh must be given it"
        fix = "back up a running mesh with a kubeconfig that may read Secrets"
        yield warning(CA, Subject("stack", backup.stack), message, fix)


def _of_secret(secret: Mapping[str, Any], now: datetime) -> Finding:
    subject = Subject("secret", f"{secret['metadata']['namespace']}/{secret['metadata']['name']}")
    try:
        signing = bundle.signing_files(mesh_ca.files_of(secret, mesh_ca.WITH_KEY), str(subject))
        bundle.verified_bundle(signing.chain, signing.key, (), now, str(subject), bounded=False)
    except (CertificateError, ValueError) as problem:
        return error(CA, subject, f"can't sign again: {problem}", "rotate the CA, and back up the mesh once more")
    return ok(CA, subject, "has the CA's certificate, its chain and the key that fits")
