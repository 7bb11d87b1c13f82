"""Who really signs: a certificate straight from istiod, as a sidecar gets one."""

import shutil

import grpc

from certificates import pem
from checks.finding import Finding, error, ok, unknown
from cluster.authority import Authority
from cluster.errors import ClusterUnreachable
from operations.istiod_certificates import Issued, issuer
from settings import Settings

NAME = "certificate issuer"
RESTART = "`kubectl rollout restart -n {} deploy/istiod`"


def signed(settings: Settings, authority: Authority) -> list[Finding]:
    """Whether a fresh certificate chains to what workloads trust, and comes from the CA that the settings want."""
    if settings.vault.enabled and not authority.cacerts:
        message = "is not there: istiod made a root of its own instead of signing with Vault's CA"
        return [error(NAME, "secret cacerts", message, f"`pulumi up`, then {_restart(settings)}")]
    if shutil.which("kubectl") is None:
        return [unknown(NAME, "kubectl", "is not on PATH: no certificate was asked of istiod", "install kubectl")]
    try:
        with issuer(settings.cluster.context, settings.istio.namespace, settings.trading.namespace) as istiod:
            issued = istiod.issue()
    except (grpc.RpcError, ClusterUnreachable) as problem:
        cause = problem.details() if isinstance(problem, grpc.Call) else problem
        return [error(NAME, "istiod", f"gives no certificate: {cause}", "see the rows of the mesh's pods")]
    return [_judged(settings, authority, issued)]


def _judged(settings: Settings, authority: Authority, issued: Issued) -> Finding:
    signer = pem.title(issued.issuer)
    if not issued.verifies(pem.certificates(authority.root_cert, "istio-ca-root-cert")):
        message = f"signs with {signer}, which the workloads' roots don't verify"
        return error(NAME, "istiod", message, _restart(settings))
    wanted = authority.cacerts.get("ca-cert.pem")
    if wanted and issued.issuer != pem.certificates(wanted, "secret cacerts")[0]:
        return error(NAME, "istiod", f"signs with {signer}, not with the CA in secret cacerts", _restart(settings))
    return ok(NAME, "istiod", f"signs with {signer}, which workloads trust")


def _restart(settings: Settings) -> str:
    return RESTART.format(settings.istio.namespace)
