"""The command `backup`: one encrypted file from which the mesh rises again on new boards."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from operations.command_line import Json, Stack, conclude_findings, expected_errors, program_version

if TYPE_CHECKING:
    from collections.abc import Mapping

    from operations.backup_file import Backup
    from pi_mesh.checks.finding import Finding
    from pi_mesh.settings import Settings

Output = Annotated[Path | None, typer.Option("--output", "-o", help="The file; by default pi-mesh-STACK-TIME.age.")]
Recipient = Annotated[
    str | None, typer.Option("--recipient", help="Encrypt for this age or SSH public key, not by the passphrase.")
]
Check = Annotated[Path | None, typer.Option("--check", help="Write nothing: judge this backup, and compare its CA.")]
Identity = Annotated[Path | None, typer.Option("--identity", help="File with the age or SSH key that decrypts.")]
KEPT = ("name", "namespace", "labels", "annotations")
"""Metadata of a Secret that a new cluster gets too."""


def backup(
    stack: Stack,
    output: Output = None,
    recipient: Recipient = None,
    check: Check = None,
    identity: Identity = None,
    as_json: Json = False,
) -> None:
    """Write the settings, the state, the CA with its key and the trusted roots into one encrypted file.

    The key is the stack's passphrase, or with --recipient a key that only you have; it is not in the file, and
    `age -d` opens it too. With --check an existing file is decrypted and judged, and its CA is compared with the
    mesh's, so that you know of a backup that cannot be restored. Workloads and other Secrets are not in it.
    """
    with expected_errors("backup", stack, as_json):
        findings = _checked(stack, check, identity) if check else _written(stack, output, recipient)
    conclude_findings("backup", stack, findings, as_json)


def _written(stack: str, output: Path | None, recipient: str | None) -> list[Finding]:
    from operations import backup_file
    from operations.failures import UsageError
    from pi_mesh.checks.finding import Subject, ok

    content = _collected(stack)
    data = backup_file.encrypted(content, recipient)
    path = output or Path(f"pi-mesh-{content.stack}-{content.time:%Y%m%dT%H%M%SZ}.age")
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(data)
            os.fsync(file.fileno())
    except OSError as problem:
        raise UsageError(stack, f"{path} can't be written: {problem.strerror}", "choose another --output") from None
    if recipient is None:  # only the owner of a key can read what was written for it
        content = backup_file.read(path, stack, None)
    message = f"was written, {len(data)} bytes; keep it, and its key elsewhere, away from the boards"
    written = ok(backup_file.CONTENT, Subject("file", str(path)), message, number=len(data))
    return [written, *backup_file.judged(content)]


def _collected(stack: str) -> Backup:
    """Read the stack and its mesh. Raises as `stacks.load_with_cluster` does."""
    from operations import backup_file, pulumi, stacks

    name = backup_file.plain_name(stack)
    settings, cluster = stacks.load_with_cluster(stack)
    secrets, roots = _ca(settings)
    vault = settings.vault
    return backup_file.Backup(
        program=program_version(),
        stack=name,
        time=datetime.now(UTC),
        cluster_uid=cluster.uid,
        istio=settings.istio.version,
        kubernetes=cluster.version,
        architectures=tuple(sorted({node.architecture for node in cluster.nodes})),
        key_in_vault=f"{vault.address} {vault.mount}" if vault.external_signer else "",
        files={place: Path(place).read_text() for place in backup_file.places(name) if Path(place).exists()},
        state=pulumi.export(stack),
        secrets=secrets,
        roots=roots,
    )


def _ca(settings: Settings) -> tuple[tuple[Mapping[str, Any], ...], str]:
    """Return the Secrets from which istiod or cert-manager take the mesh's CA, as manifests, and the trusted roots."""
    from pi_mesh.catalog.cert_manager import CERTIFICATE
    from pi_mesh.certificates.bundle import CACERTS
    from pi_mesh.cluster.client import Client
    from pi_mesh.cluster.mesh_ca import ISTIOD_SECRET

    namespace = settings.istio.namespace
    names = dict.fromkeys(filter(None, (ISTIOD_SECRET, CACERTS, CERTIFICATE, settings.ca.secret)))
    with Client(settings.cluster.context) as client:
        live = [client.get(f"/api/v1/namespaces/{namespace}/secrets/{name}") for name in names]
        roots = client.get(f"/api/v1/namespaces/{namespace}/configmaps/istio-ca-root-cert") or {}
    # With the key in Vault the program keeps `cacerts` without content, so that istiod makes no CA of its own.
    kept = tuple(_manifest(secret) for secret in live if secret and secret.get("data"))
    return kept, (roots.get("data") or {}).get("root-cert.pem", "")


def _manifest(secret: Mapping[str, Any]) -> Mapping[str, Any]:
    metadata = {key: secret["metadata"][key] for key in KEPT if key in secret["metadata"]}
    return {"apiVersion": "v1", "kind": "Secret", "type": secret["type"], "metadata": metadata, "data": secret["data"]}


def _checked(stack: str, path: Path, identity: Path | None) -> list[Finding]:
    from operations import backup_file, stacks
    from operations.failures import Expected
    from pi_mesh.certificates import pem
    from pi_mesh.checks.finding import Subject, ok, unknown, warning

    content = backup_file.read(path, stack, identity)
    findings = list(backup_file.judged(content))
    subject = Subject("file", str(path))
    try:
        _, roots = _ca(stacks.load_with_cluster(stack)[0])
    except Expected as problem:
        return [*findings, unknown(backup_file.CA, subject, f"is not compared with the mesh: {problem}")]
    old, now = ({*pem.certificates(text, "roots")} if text else set() for text in (content.roots, roots))
    if old == now:
        return [*findings, ok(backup_file.CA, subject, "has the roots that the mesh trusts now")]
    fix = "write a new one: `python -m operations backup -s STACK`"
    return [*findings, warning(backup_file.CA, subject, "has other roots than the mesh trusts now", fix)]
