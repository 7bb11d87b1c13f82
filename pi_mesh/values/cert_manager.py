"""Values and objects of cert-manager, which has Vault sign istiod's requests or an Issuer sign the mesh's CA."""

import base64

from pi_mesh.catalog import cert_manager as names
from pi_mesh.names import EXTERNAL_CA_LABEL
from pi_mesh.settings import Settings
from pi_mesh.settings.scheduling import Scheduling
from pi_mesh.values.helm_values import Values
from pi_mesh.values.objects import Object, kubernetes_object
from pi_mesh.values.placement import node_selector, scheduling

API = "cert-manager.io/v1"
OFF = {"enabled": False}
RBAC = "rbac.authorization.k8s.io"
SECONDS = "120"
"""Seconds that `up` waits for Vault, or for an Issuer's signature; the controller runs by then."""
READY = {"annotations": {"pulumi.com/waitFor": "condition=Ready", "pulumi.com/timeoutSeconds": SECONDS}}


def helm_values(settings: Settings) -> Values:
    """Return the values of the chart, which runs the controller's pod alone.

    cert-manager's webhook validates requests to cert-manager, and its cainjector serves the webhook. Here istiod alone
    makes requests. The webhook configuration excludes istiod's namespace, which has the only Issuer; in every other
    namespace Kubernetes refuses cert-manager's objects, because it cannot reach the webhook.
    """
    own = settings.vault.cert_manager
    here = {"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": [settings.istio.namespace]}
    return {
        "crds": {"enabled": True},
        "featureGates": "ExperimentalCertificateSigningRequestControllers=true",
        "global": {"leaderElection": {"namespace": own.namespace}},
        "serviceAccount": {"name": own.service_account},
        "image": {"pullPolicy": settings.images.pull_policy},
        "resources": own.resources.to_kubernetes(),
        "nodeSelector": node_selector(settings),
        **scheduling(settings, Scheduling()),
        # Only requests that istiod approves are signed.
        "disableAutoApproval": True,
        "webhook": {
            "replicaCount": 0,
            "validatingWebhookConfiguration": {"namespaceSelector": {"matchExpressions": [here]}},
        },
        "cainjector": OFF,
        "startupapicheck": OFF,
        "prometheus": OFF,
    }


def root(settings: Settings, pem: object) -> Object:
    """Return the ConfigMap with the root, by whose label checks know an external signer; `pem` may be an output."""
    marks, data = {"labels": {EXTERNAL_CA_LABEL: "vault"}}, {"root-cert.pem": pem}
    return kubernetes_object("v1", "ConfigMap", settings.istio.namespace, names.ROOT, marks, data=data)


def issuer(settings: Settings, ca: str | None = None) -> Object:
    """Return the Issuer; `up` waits for its login to Vault. `ca`: PEM of Vault's TLS CA; None for the system's CAs."""
    vault = settings.vault
    login = vault.cert_manager.login
    server = {
        "server": vault.cert_manager.address or vault.service,
        "path": f"{vault.mount}/sign/{names.ROLE}",
        "auth": {
            "kubernetes": {
                "mountPath": f"/v1/auth/{login.mount}",
                "role": login.role,
                "serviceAccountRef": {"name": names.ISSUER},
            }
        },
        **({"caBundle": base64.b64encode(ca.encode()).decode()} if ca else {}),
    }
    return kubernetes_object(API, "Issuer", settings.istio.namespace, names.ISSUER, READY, spec={"vault": server})


def certificate(settings: Settings) -> Object:
    """Return the Certificate of the mesh's CA for the Issuer of `ca.issuer`, with a new key at each renewal."""
    signer = settings.ca.issuer
    assert signer is not None
    spec = {
        "secretName": names.CERTIFICATE,
        "isCA": True,
        "commonName": signer.common_name,
        "duration": signer.ttl,
        "usages": ["cert sign", "crl sign"],
        "privateKey": {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always"},
        "issuerRef": {"group": "cert-manager.io", "kind": signer.kind, "name": signer.name},
    }
    return kubernetes_object(API, "Certificate", settings.istio.namespace, names.CERTIFICATE, READY, spec=spec)


def rights(settings: Settings) -> tuple[Object, ...]:
    """Return the rights to create tokens of the service account that Vault knows, and for istiod to name the Issuer."""
    own = settings.vault.cert_manager
    controller = {"kind": "ServiceAccount", "name": own.service_account, "namespace": own.namespace}
    istiod = {"kind": "ServiceAccount", "name": "istiod", "namespace": settings.istio.namespace}
    return (
        kubernetes_object("v1", "ServiceAccount", settings.istio.namespace, names.ISSUER),
        *_allowed(settings, "login", controller, "", "serviceaccounts/token", "create"),
        *_allowed(settings, "requests", istiod, "cert-manager.io", "signers", "reference"),
    )


def _allowed(
    settings: Settings, suffix: str, who: dict[str, str], group: str, resource: str, verb: str
) -> tuple[Object, Object]:
    home, name = settings.istio.namespace, f"{names.ISSUER}-{suffix}"
    rule = {"apiGroups": [group], "resources": [resource], "resourceNames": [names.ISSUER], "verbs": [verb]}
    role = {"apiGroup": RBAC, "kind": "Role", "name": name}
    return (
        kubernetes_object(f"{RBAC}/v1", "Role", home, name, rules=[rule]),
        kubernetes_object(f"{RBAC}/v1", "RoleBinding", home, name, roleRef=role, subjects=[who]),
    )
