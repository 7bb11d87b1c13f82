"""cert-manager: the release and the Issuer that have istiod's requests signed in Vault, and the Certificate of a CA."""

import base64

from pi_mesh.catalog import cert_manager as names
from pi_mesh.names import EXTERNAL_CA_LABEL
from pi_mesh.settings import Settings
from pi_mesh.values.extra import Values
from pi_mesh.values.objects import Object
from pi_mesh.values.placement import node_selector

OFF = {"enabled": False}
RBAC = "rbac.authorization.k8s.io"
SECONDS = "120"
"""So long an `up` waits for Vault, or for an Issuer's signature; the controller runs already."""
READY = {"pulumi.com/waitFor": "condition=Ready", "pulumi.com/timeoutSeconds": SECONDS}


def helm_values(settings: Settings) -> Values:
    """One pod, the controller's.

    Its webhook judges what is asked of cert-manager, its cainjector serves the webhook. Here istiod alone asks: the
    namespace of the one Issuer is out of the webhook's sight, and anywhere else Kubernetes, not reaching it, refuses.
    """
    wanted = settings.vault.cert_manager
    here = {"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": [settings.istio.namespace]}
    return {
        "crds": {"enabled": True},
        "featureGates": "ExperimentalCertificateSigningRequestControllers=true",
        "global": {"leaderElection": {"namespace": wanted.namespace}},
        "serviceAccount": {"name": wanted.service_account},
        "image": {"pullPolicy": settings.images.pull_policy},
        "resources": wanted.resources.to_kubernetes(),
        "nodeSelector": node_selector(settings),
        # What istiod approves is signed, and nothing else.
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
    """What istiod mounts, and by what a mesh of this kind is known; `pem` may be known only later."""
    labels = {"labels": {EXTERNAL_CA_LABEL: "vault"}}
    return {"apiVersion": "v1", **_named(settings, "ConfigMap", names.ROOT, **labels), "data": {"root-cert.pem": pem}}


def issuer(settings: Settings) -> Object:
    """Return the Issuer; an `up` waits until Vault lets it in."""
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
    }
    meta = _named(settings, "Issuer", names.ISSUER, annotations=READY)
    return {"apiVersion": "cert-manager.io/v1", **meta, "spec": {"vault": server}}


def certificate(settings: Settings) -> Object:
    """Return the Certificate by which the Issuer of `ca.issuer` signs the mesh's CA, with a new key each time."""
    wanted = settings.ca.issuer
    assert wanted is not None
    spec = {
        "secretName": names.CERTIFICATE,
        "isCA": True,
        "commonName": wanted.common_name,
        "duration": wanted.ttl,
        "usages": ["cert sign", "crl sign"],
        "privateKey": {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always"},
        "issuerRef": {"group": "cert-manager.io", "kind": wanted.kind, "name": wanted.name},
    }
    meta = _named(settings, "Certificate", names.CERTIFICATE, annotations=READY)
    return {"apiVersion": "cert-manager.io/v1", **meta, "spec": spec}


def with_ca_bundle(issuer: Object, ca: str | None) -> Object:
    """Return the Issuer that knows Vault's own TLS certificate by the PEM of its CA; None: by the system's CAs."""
    if not ca:
        return issuer
    spec = issuer["spec"]
    assert isinstance(spec, dict)
    bundle = base64.b64encode(ca.encode()).decode()
    return {**issuer, "spec": {"vault": {**spec["vault"], "caBundle": bundle}}}


def rights(settings: Settings) -> tuple[Object, ...]:
    """cert-manager may speak as the service account that Vault knows; istiod may name the Issuer in its requests."""
    wanted = settings.vault.cert_manager
    controller = {"kind": "ServiceAccount", "name": wanted.service_account, "namespace": wanted.namespace}
    istiod = {"kind": "ServiceAccount", "name": "istiod", "namespace": settings.istio.namespace}
    return (
        {"apiVersion": "v1", **_named(settings, "ServiceAccount", names.ISSUER)},
        *_allowed(settings, "login", controller, "", "serviceaccounts/token", "create"),
        *_allowed(settings, "requests", istiod, "cert-manager.io", "signers", "reference"),
    )


def _allowed(
    settings: Settings, suffix: str, who: dict[str, str], group: str, resource: str, verb: str
) -> tuple[Object, Object]:
    name = f"{names.ISSUER}-{suffix}"
    rule = {"apiGroups": [group], "resources": [resource], "resourceNames": [names.ISSUER], "verbs": [verb]}
    role = {"apiGroup": RBAC, "kind": "Role", "name": name}
    return (
        {"apiVersion": f"{RBAC}/v1", **_named(settings, "Role", name), "rules": [rule]},
        {"apiVersion": f"{RBAC}/v1", **_named(settings, "RoleBinding", name), "roleRef": role, "subjects": [who]},
    )


def _named(settings: Settings, kind: str, name: str, **metadata: object) -> Object:
    return {"kind": kind, "metadata": {"name": name, "namespace": settings.istio.namespace, **metadata}}
