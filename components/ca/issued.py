"""A CA that cert-manager issues: its Certificate is signed by the Issuer of `ca.issuer`."""

import time
from typing import Any

import pulumi

from components import manifest
from components.ca.cacerts import NAME
from components.ca.source import Source
from pi_mesh.catalog.cert_manager import CERTIFICATE
from pi_mesh.certificates import pem, signing_files
from pi_mesh.certificates.pem import CertificateError
from pi_mesh.certificates.signing_files import SigningFiles
from pi_mesh.cluster import ca_issuer, signing_secret
from pi_mesh.cluster.errors import ClusterUnreachable
from pi_mesh.inventory import Inventory
from pi_mesh.settings import Settings

SECONDS, PAUSE = 30.0, 0.5
"""Seconds in which cert-manager must check a changed Certificate, whose Ready condition is outdated until then."""


class IssuedCa(pulumi.ComponentResource):
    """The Certificate of the mesh's CA; cert-manager keeps its key and chain in a Secret of the same name."""

    signed: pulumi.Output[str]
    """Output that is known once an Issuer has signed the Certificate."""

    def __init__(self, name: str, mesh: Inventory, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("pi-mesh:vault:IssuedCa", name, None, opts)
        (item,) = mesh.objects_of(name)
        self.signed = manifest.register(name, item, pulumi.ResourceOptions(parent=self)).id
        self.register_outputs({})


def register(mesh: Inventory, opts: pulumi.ResourceOptions) -> IssuedCa | None:
    """Register the Certificate if `ca.issuer` names its Issuer."""
    return IssuedCa("mesh-issued-ca", mesh, opts) if mesh.settings.ca.issuer else None


def source(settings: Settings, issued: IssuedCa) -> Source:
    """Return the CA that cert-manager issued, once the Certificate is signed."""
    files = pulumi.Output.secret(issued.signed.apply(lambda _: _read(settings)))
    return Source(files.apply(lambda found: found.chain), files.apply(lambda found: found.key))


def _read(settings: Settings) -> Any:
    """Return the SigningFiles; unknown in a preview that cannot read them. Raises pulumi.RunError with one line."""
    where = f"Secret {settings.istio.namespace}/{CERTIFICATE}"
    try:
        if not pulumi.runtime.is_dry_run():
            _wait(settings)
        files = signing_secret.read(settings.cluster.context, settings.istio.namespace, CERTIFICATE)
        if files is None and not pulumi.runtime.is_dry_run():
            raise CertificateError(f"{where} is not there; see why: `kubectl describe certificate {CERTIFICATE}`")
        return pulumi.UNKNOWN if files is None else _trusted(settings, signing_files.of(files, where))
    except CertificateError as problem:
        raise pulumi.RunError(str(problem)) from None
    except ClusterUnreachable as problem:
        if pulumi.runtime.is_dry_run():
            return pulumi.UNKNOWN
        raise pulumi.RunError(f"{where} can't be read: {problem}") from None


def _trusted(settings: Settings, offered: SigningFiles) -> SigningFiles:
    """Return the CA that istiod has now, if no workload trusts the root of the newly signed one."""
    found = signing_secret.read(settings.cluster.context, settings.istio.namespace, NAME) or {}
    root = pem.certificates(offered.chain, CERTIFICATE)[-1]
    if not found.get("ca-key.pem") or root in pem.certificates(found["root-cert.pem"], NAME):
        return offered
    change = f"`python -m operations rotate-ca --root --issuer -s {pulumi.get_stack()}` changes to it"
    pulumi.log.warn(
        f"ca.issuer: CA unchanged: it is signed under {pem.title(root)}, which no workload trusts yet; {change}"
    )
    return signing_files.of(found, f"Secret {settings.istio.namespace}/{NAME}")


def _wait(settings: Settings) -> None:
    """Wait until the Secret matches the Certificate, but no longer than SECONDS."""
    end = time.monotonic() + SECONDS
    while not ca_issuer.is_signed(settings.cluster.context, settings.istio.namespace) and time.monotonic() < end:
        time.sleep(PAUSE)
