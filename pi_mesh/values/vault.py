"""Helm values of istiod and the gateways that go with a CA in Vault, and the Vault PKI role that signs for istiod."""

from dataclasses import dataclass

from pi_mesh.catalog import cert_manager
from pi_mesh.names import EXTERNAL_CA_LABEL
from pi_mesh.settings import Settings
from pi_mesh.settings.namespaces import duration
from pi_mesh.values.extra import Values, merge

ROOT_TEMPLATE = "mesh-root"
"""The injection template that gives every proxy the root."""
GATEWAY_TEMPLATES = f"gateway,{ROOT_TEMPLATE}"
TOKENS = "/var/run/secrets/tokens"
"""Where a proxy's token is, and with that template the root."""


def helm_values(settings: Settings, root: str | None) -> Values:
    """Those of istiod; nothing while it makes its own root. `root` as in `pi_mesh.inventory.of`."""
    if not settings.plugged_in:
        return {}
    external_ca = {
        "pilot": {
            # istiod reads another kind of CA only when it starts: a changed pod template is what restarts it.
            "podAnnotations": {EXTERNAL_CA_LABEL: "vault"},
            "env": {"ISTIO_MULTIROOT_MESH": "true"},
        },
        # Proxies learn of a further root at once, not when their certificate is renewed.
        "meshConfig": {"defaultConfig": {"proxyMetadata": {"PROXY_CONFIG_XDS_AGENT": "true"}}},
    }
    return merge(external_ca, _external_signer(settings, root)) if settings.vault.external_signer else external_ca


def gateway_annotations(settings: Settings) -> dict[str, str]:
    """Of a gateway's pods."""
    return {"inject.istio.io/templates": GATEWAY_TEMPLATES} if settings.vault.external_signer else {}


def _external_signer(settings: Settings, root: str | None) -> Values:
    """istiod as registration authority: it vouches for who asks, and passes the request on to Kubernetes' API.

    Source: https://istio.io/latest/docs/tasks/security/cert-management/custom-ca-k8s, but for what names the signer:
    here istiod itself (K8S_SIGNER), so that proxies from before need no restart.
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
                # What it asks for itself; ten years otherwise.
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
"""Where a proxy takes the root from by which it knows istiod."""

# With another pilotCertProvider than istiod's own, the charts' templates give proxies no root. A volume is all that
# can be added to a sidecar and to a native one, which is an init container, in the same way.
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
"""Names that istiod asks a certificate for, whatever its version (pilot/pkg/bootstrap/server.go, getDNSNames)."""
DAY = 24 * 3600


@dataclass(frozen=True)
class SigningRole:
    """What Vault may sign, and for how long."""

    hosts: tuple[str, ...]
    longest: int
    """Seconds."""


def signing_role(settings: Settings) -> SigningRole:
    """Return the Vault PKI role for istiod's requests; at least a day, the life of istiod's own certificate."""
    life = int(duration(settings.mtls.certificate_lifetime).total_seconds())
    canary = settings.istio.canary
    names = (*ISTIOD, f"istiod-{canary.revision}") if canary else ISTIOD
    return SigningRole(tuple(f"{name}.{settings.istio.namespace}.svc" for name in names), max(DAY, life))
