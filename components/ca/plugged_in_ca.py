"""The plugged-in CA, the Secret `cacerts`: from the settings, an existing Secret, cert-manager, or istiod itself."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_kubernetes.core.v1 import Secret

from components import config, manifest
from components.ca.source import Source
from pi_mesh.catalog.cert_manager import CERTIFICATE
from pi_mesh.certificates import bundle, pem
from pi_mesh.certificates.bundle import CACERTS, SigningFiles
from pi_mesh.certificates.pem import CertificateError
from pi_mesh.cluster import mesh_ca
from pi_mesh.cluster.errors import ClusterUnreachable
from pi_mesh.inventory import Inventory, ManagedObject
from pi_mesh.names import EXTERNAL_CA_LABEL
from pi_mesh.settings import Settings
from pi_mesh.settings.pulumi_config import CA_KEY
from pi_mesh.waiting import until


@dataclass(frozen=True)
class CacertsArgs:
    """The Secret's namespace, and its content by file name; None empties it, and istiod then makes its own root."""

    namespace: pulumi.Input[str]
    files: pulumi.Output[Mapping[str, str]] | None


class Cacerts(pulumi.ComponentResource):
    """The Secret `cacerts`. The CA's key is nowhere else in the cluster, and is encrypted in the state."""

    name: pulumi.Output[str]

    def __init__(self, name: str, args: CacertsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("pi-mesh:vault:Cacerts", name, None, opts)
        secret = Secret(
            f"{name}-secret",
            metadata={"name": CACERTS, "namespace": args.namespace, "labels": {EXTERNAL_CA_LABEL: "vault"}},
            # Not `string_data`: with server-side apply a key removed from it would stay in the cluster.
            data=args.files.apply(_encoded) if args.files is not None else None,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.name = secret.metadata.apply(lambda metadata: metadata["name"])
        self.register_outputs({"name": self.name})


def _encoded(files: Mapping[str, str]) -> dict[str, str]:
    return {name: base64.b64encode(text.encode()).decode() for name, text in files.items()}


SECONDS, PAUSE = 30.0, 0.5
"""Seconds in which cert-manager must check a changed Certificate, whose Ready condition is outdated until then."""


class IssuedCa(pulumi.ComponentResource):
    """The Certificate of the mesh's CA; cert-manager keeps its key and chain in a Secret of the same name."""

    signed: pulumi.Output[str]
    """Output that is known once an Issuer has signed the Certificate."""

    def __init__(self, name: str, certificate: ManagedObject, opts: pulumi.ResourceOptions) -> None:
        super().__init__("pi-mesh:vault:IssuedCa", name, None, opts)
        self.signed = manifest.register(name, certificate, pulumi.ResourceOptions(parent=self)).id
        self.register_outputs({})


def register_issued_ca(mesh: Inventory, opts: pulumi.ResourceOptions) -> IssuedCa | None:
    """Register the Certificate if `ca.issuer` names its Issuer."""
    name = "mesh-issued-ca"
    if not mesh.settings.ca.issuer:
        return None
    (certificate,) = mesh.objects_of(name)
    return IssuedCa(name, certificate, opts)


def _issued_files(settings: Settings) -> Any:
    """Return the SigningFiles; unknown in a preview that cannot read them. Raises pulumi.RunError with one line."""
    context, namespace = settings.cluster.context, settings.istio.namespace
    where = f"Secret {namespace}/{CERTIFICATE}"
    try:
        if not pulumi.runtime.is_dry_run():
            until(lambda: mesh_ca.is_certificate_signed(context, namespace), SECONDS, PAUSE)
        files = mesh_ca.read_signing_secret(context, namespace, CERTIFICATE)
        if files is None and not pulumi.runtime.is_dry_run():
            raise CertificateError(f"{where} is not there; see why: `kubectl describe certificate {CERTIFICATE}`")
        return pulumi.UNKNOWN if files is None else _trusted_files(settings, bundle.signing_files(files, where))
    except CertificateError as problem:
        raise pulumi.RunError(str(problem)) from None
    except ClusterUnreachable as problem:
        if pulumi.runtime.is_dry_run():
            return pulumi.UNKNOWN
        raise pulumi.RunError(f"{where} can't be read: {problem}") from None


def _trusted_files(settings: Settings, offered: SigningFiles) -> SigningFiles:
    """Return the CA that istiod has now, if no workload trusts the root of the newly signed one."""
    current = mesh_ca.read_signing_secret(settings.cluster.context, settings.istio.namespace, CACERTS) or {}
    root = pem.certificates(offered.chain, CERTIFICATE)[-1]
    roots = current.get("root-cert.pem") or current.get("ca.crt")
    if not current.get("ca-key.pem") or (roots and root in pem.certificates(roots, CACERTS)):
        return offered
    unchanged = f"ca.issuer: CA unchanged: it is signed under {pem.title(root)}, which no workload trusts yet"
    change = f"`python -m operations rotate-ca --root --issuer -s {pulumi.get_stack()}` changes to it"
    pulumi.log.warn(f"{unchanged}; {change}")
    return bundle.signing_files(current, f"Secret {settings.istio.namespace}/{CACERTS}")


def given_ca(settings: Settings, ours: bool, by_issuer: IssuedCa | None) -> Source | None:
    """Return the given CA, unknown in a preview without the cluster; None if istiod has not made its root yet.

    `ours` is True if a stack of this project made the Secret `cacerts`. Raises CertificateError.
    """
    if settings.ca.source == "issuer" and by_issuer:
        files = pulumi.Output.secret(by_issuer.signed.apply(lambda _: _issued_files(settings)))
        return Source(files.apply(lambda signing: signing.chain), files.apply(lambda signing: signing.key))
    if settings.ca.source == "pem":
        key, fix = config.secret(CA_KEY), f"`pulumi config set --secret {CA_KEY} < ca-key.pem`"
        if key is None:
            raise CertificateError(f"{CA_KEY}: is not set, and ca.source is pem; {fix}")
        return Source(pulumi.Output.from_input(str(settings.ca.chain)), key)
    try:
        return _from_secret(settings, ours) if settings.ca.source == "secret" else _of_istiod(settings)
    except ClusterUnreachable:  # in a preview alone: see `_read`
        unknown: pulumi.Output[Any] = pulumi.Output.from_input(pulumi.UNKNOWN)
        return Source(unknown, unknown, written=settings.ca.secret != CACERTS)


def _from_secret(settings: Settings, ours: bool) -> Source:
    name = str(settings.ca.secret)
    where = f"ca.secret: Secret {settings.istio.namespace}/{name}"
    if name == CACERTS and ours:
        raise CertificateError(f"{where} is made by this stack; name the Secret that its owner made")
    if (files := _secret_files(settings, name, where)) is None:
        raise CertificateError(f"{where} does not exist; create it, or correct the name")
    return _source_of_files(files, where, written=name != CACERTS)


def _of_istiod(settings: Settings) -> Source | None:
    """Return the root that istiod made, as a plugged-in CA: only such a CA can have further roots.

    istiod 1.31 refuses a `cacerts` with root-cert.pem alone (checkCABundleCompleteness in
    pilot/pkg/bootstrap/istio_ca.go).
    """
    where = f"Secret {settings.istio.namespace}/{mesh_ca.ISTIOD_SECRET}"
    files = _secret_files(settings, mesh_ca.ISTIOD_SECRET, where)
    if files is None:
        pulumi.log.warn("ca.alsoTrust: istiod has not made its root yet; run `pulumi up` again once it runs")
        return None
    return _source_of_files(files, where)


def _source_of_files(files: Mapping[str, str], where: str, written: bool = True) -> Source:
    signing = bundle.signing_files(files, where)
    chain, key = pulumi.Output.from_input(signing.chain), pulumi.Output.secret(signing.key)
    return Source(chain, key, signing.further_roots, written)


def _secret_files(settings: Settings, name: str, where: str) -> dict[str, str] | None:
    try:
        return mesh_ca.read_signing_secret(settings.cluster.context, settings.istio.namespace, name)
    except ClusterUnreachable as problem:
        if pulumi.runtime.is_dry_run():
            raise
        raise CertificateError(f"{where} can't be read: {problem}") from None
