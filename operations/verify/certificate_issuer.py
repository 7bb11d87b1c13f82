"""istiod must sign a certificate, as for a sidecar, with the CA that the settings name."""

import shutil
from collections.abc import Iterator

from operations.istiod_certificates import IssuedCertificate, issuer
from pi_mesh.catalog import cert_manager
from pi_mesh.certificates import pem
from pi_mesh.checks.finding import Finding, Subject, error, ok, unknown
from pi_mesh.checks.observation import Observation
from pi_mesh.checks.verify.mesh_certificates import end_of
from pi_mesh.cluster.errors import ClusterUnreachable
from pi_mesh.cluster.mesh_ca import Authority
from pi_mesh.settings import Settings
from pi_mesh.vault import unavailable

ID, ISTIOD = "certificate issuer", Subject("component", "istiod")


def check(observation: Observation) -> list[Finding]:
    """Check that a new certificate chains to the trusted root and comes from the CA in the settings."""
    settings, authority = observation.settings, observation.authority
    if amiss := list(_amiss(settings, authority)):
        return amiss
    if shutil.which("kubectl") is None:
        message = "is not on PATH: no certificate was asked of istiod"
        return [unknown(ID, Subject("command", "kubectl"), message, "install kubectl")]
    try:
        with issuer(settings.cluster.context, settings.istio.namespace, settings.trading.namespace) as istiod:
            issued = istiod.issue()
    except ClusterUnreachable as problem:
        return [error(ID, ISTIOD, f"gives no certificate: {problem}", _answers(settings))]
    # Where istiod signs, its CA is in the cluster, and judged there.
    end = [end_of(issued.issuer, settings, observation.now)] if settings.vault.external_signer else []
    return [_judged(settings, authority, issued), *end]


def _amiss(settings: Settings, authority: Authority) -> Iterator[Finding]:
    """Yield the problems that exclude the right certificate before one is requested."""
    vault, again = settings.vault, f"`pulumi up`, then {_restart(settings)}"
    if not vault.external_signer:
        if (vault.enabled or settings.ca.plugged_in) and not authority.cacerts:
            source = "Vault's CA" if vault.enabled else f"the CA of ca.source: {settings.ca.source}"
            message = f"does not exist: istiod created a root of its own instead of signing with {source}"
            yield error(ID, Subject("secret", "cacerts"), message, again)
        return
    if not authority.external_signer_root:
        yield error(ID, ISTIOD, "signs certificates itself instead of having Vault sign them", again)
        return
    if authority.cacerts:
        message = "contains a key of the CA, which must be in Vault alone"
        yield error(ID, Subject("secret", "cacerts"), message, "`pulumi up`")
    if authority.issuer:
        message = f"cannot get certificates signed: {authority.issuer}"
        fix = unavailable(vault) or "see docs/vault.md for cert-manager's login to Vault"
        yield error(ID, Subject("issuer", cert_manager.ISSUER), message, fix)


def _answers(settings: Settings) -> str:
    if settings.vault.external_signer:
        return unavailable(settings.vault) or "see whether cert-manager's pod is Ready; its log says the rest"
    return "see the checks of the mesh's pods"


def _judged(settings: Settings, authority: Authority, issued: IssuedCertificate) -> Finding:
    signer = pem.title(issued.issuer)
    if not issued.verifies(pem.certificates(authority.root_cert, "istio-ca-root-cert")):
        message = f"signs with {signer}, which does not chain to the roots that workloads trust"
        return error(ID, ISTIOD, message, _restart(settings))
    plugged_in = authority.cacerts.get("ca-cert.pem")
    if plugged_in and issued.issuer != next(iter(pem.certificates(plugged_in, "secret cacerts"))):
        return error(ID, ISTIOD, f"signs with {signer}, not with the CA in secret cacerts", _restart(settings))
    return ok(ID, ISTIOD, f"signs with {signer}, which workloads trust")


def _restart(settings: Settings) -> str:
    return f"`kubectl rollout restart -n {settings.istio.namespace} deploy/istiod`"
