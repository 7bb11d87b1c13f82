"""Helm values of istiod and the gateways for a CA in Vault, and the Vault PKI role that signs istiod's requests."""

from dataclasses import dataclass

from pi_mesh.catalog import cert_manager
from pi_mesh.facts import duration
from pi_mesh.names import EXTERNAL_CA_LABEL
from pi_mesh.settings import Settings
from pi_mesh.values.helm_values import Values, merge

ROOT_TEMPLATE = "mesh-root"
"""Name of the injection template that gives every proxy the root."""
GATEWAY_TEMPLATES = f"gateway,{ROOT_TEMPLATE}"
TOKENS = "/var/run/secrets/tokens"
"""Folder of a proxy's token and, with that template, of the root."""


def helm_values(settings: Settings, root: str | None) -> Values:
    """Return the values of istiod; none while it makes its own root. `root` as in `inventory.mesh_inventory`."""
    if not settings.plugged_in:
        return {}
    external_ca = {
        "pilot": {
            # istiod reads its CA only when it starts, so a changed pod template restarts it.
            "podAnnotations": {EXTERNAL_CA_LABEL: "vault"},
            "env": {"ISTIO_MULTIROOT_MESH": "true"},
        },
        # Proxies then learn of a further root at once, and not only when they renew their certificate.
        "meshConfig": {"defaultConfig": {"proxyMetadata": {"PROXY_CONFIG_XDS_AGENT": "true"}}},
    }
    return merge(external_ca, _external_signer(settings, root)) if settings.vault.external_signer else external_ca


def gateway_annotations(settings: Settings) -> dict[str, str]:
    return {"inject.istio.io/templates": GATEWAY_TEMPLATES} if settings.vault.external_signer else {}


def _external_signer(settings: Settings, root: str | None) -> Values:
    """Return the values for istiod as registration authority, which passes requests on to Kubernetes' API.

    Source: https://istio.io/latest/docs/tasks/security/cert-management/custom-ca-k8s, except that istiod names the
    signer (K8S_SIGNER), so that running proxies need no restart.
    """
    signer = cert_manager.signer(settings.istio.namespace)
    volume = {"name": "external-ca-cert", "configMap": {"name": cert_manager.ROOT}}
    known = {"caCertificates": [{"pem": root, "certSigners": [signer]}]} if root else {}
    return {
        "pilot": {
            "podAnnotations": {EXTERNAL_CA_LABEL: "vault-signs-each"},
            "env": {
                "EXTERNAL_CA": "ISTIOD_RA_KUBERNETES_API",
                "K8S_SIGNER": signer,
                # The lifetime of istiod's own certificate, ten years by default.
                "CITADEL_SELF_SIGNED_CA_CERT_TTL": "24h",
            },
            "volumes": [volume],
            "volumeMounts": [{"name": volume["name"], "mountPath": "/etc/external-ca-cert", "readOnly": True}],
        },
        "global": {"pilotCertProvider": f"k8s.io/{signer}", "certSigners": [signer]},
        "sidecarInjectorWebhook": {
            "defaultTemplates": ["sidecar", ROOT_TEMPLATE],
            "templates": {ROOT_TEMPLATE: _ROOT_FOR_PROXIES},
        },
        "meshConfig": {**known, "defaultConfig": {"proxyMetadata": dict.fromkeys(_ROOTS, f"{TOKENS}/root-cert.pem")}},
    }


_ROOTS = ("XDS_ROOT_CA", "CA_ROOT_CA")
"""Variables with the file of the root by which a proxy verifies istiod."""

# With a pilotCertProvider other than istiod itself, the charts' templates give proxies no root. A volume is the one
# addition that works alike for a sidecar and for a native sidecar, which is an init container.
_ROOT_FOR_PROXIES = """\
spec:
  volumes:
  - name: istio-token
    projected:
      sources:
      - serviceAccountToken:
          path: istio-token
          expirationSeconds: 43200
          audience: {{ .Values.global.sds.token.aud }}
      - configMap:
          name: istio-ca-root-cert
          items:
          - key: root-cert.pem
            path: root-cert.pem
"""

ISTIOD = ("istiod", "istiod-remote", "istio-pilot")
"""Names for which istiod requests a certificate, in any version (pilot/pkg/bootstrap/server.go, getDNSNames)."""
DAY = 24 * 3600


@dataclass(frozen=True)
class SigningRole:
    """The host names that Vault may sign, and the longest lifetime."""

    hosts: tuple[str, ...]
    longest: int
    """Longest lifetime, in seconds."""


def signing_role(settings: Settings) -> SigningRole:
    """Return the Vault PKI role for istiod's requests; it allows at least a day, as istiod's own certificate lives."""
    life = int(duration(settings.mtls.certificate_lifetime).total_seconds())
    canary = settings.istio.canary
    names = (*ISTIOD, f"istiod-{canary.revision}") if canary else ISTIOD
    return SigningRole(tuple(f"{name}.{settings.istio.namespace}.svc" for name in names), max(DAY, life))
