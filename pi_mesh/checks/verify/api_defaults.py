"""Rules for comparing live objects by kind: fields that others write, and defaults that the API server adds."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pi_mesh.words import text_before


class SameAs(str):
    """A default that equals the value of another field of the same object."""

    __slots__ = ()


@dataclass(frozen=True)
class Comparison:
    """The fields of a kind that may differ from the manifest; `[]` stands for each item of a list."""

    exact: bool = False
    """True if every added field is drift; otherwise it may be a default that only the API server knows."""
    written: frozenset[str] = frozenset()
    """Fields that istiod writes, whatever the manifest says."""
    filled: frozenset[str] = frozenset()
    """Fields that Kubernetes or a controller writes if the manifest does not."""
    defaults: Mapping[str, object] = field(default_factory=dict)
    """Defaults of the API server, so that it need not be asked for the objects of a healthy mesh."""


_PROBE = {
    "failureThreshold": 3,
    "successThreshold": 1,
    "periodSeconds": 10,
    "timeoutSeconds": 1,
    "httpGet.scheme": "HTTP",
}
_CONTAINER = {
    "terminationMessagePath": "/dev/termination-log",
    "terminationMessagePolicy": "File",
    "ports[].protocol": "TCP",
    "env[].valueFrom.fieldRef.apiVersion": "v1",
    **{f"{probe}.{name}": value for probe in ("readinessProbe", "livenessProbe") for name, value in _PROBE.items()},
}
_POD = {
    "dnsPolicy": "ClusterFirst",
    "restartPolicy": "Always",
    "schedulerName": "default-scheduler",
    "terminationGracePeriodSeconds": 30,
    "serviceAccount": SameAs("serviceAccountName"),
    **{f"volumes[].{source}.defaultMode": 0o644 for source in ("secret", "configMap", "projected")},
    **{f"containers[].{name}": value for name, value in _CONTAINER.items()},
}
_DEPLOYMENT = {
    "spec.progressDeadlineSeconds": 600,
    "spec.revisionHistoryLimit": 10,
    "spec.strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"}},
    "spec.strategy.type": "RollingUpdate",
    **{f"spec.template.spec.{name}": value for name, value in _POD.items()},
}
_SERVICE = {
    "spec.type": "ClusterIP",
    "spec.sessionAffinity": "None",
    "spec.internalTrafficPolicy": "Cluster",
    "spec.externalTrafficPolicy": "Cluster",
    "spec.allocateLoadBalancerNodePorts": True,
    "spec.ports[].protocol": "TCP",
    "spec.ports[].targetPort": SameAs("port"),
}
_WEBHOOK = {
    "matchPolicy": "Equivalent",
    "timeoutSeconds": 10,
    "reinvocationPolicy": "Never",
    "clientConfig.service.port": 443,
    "rules[].scope": "*",
}
_WEBHOOKS = {f"webhooks[].{name}": value for name, value in _WEBHOOK.items()}
_CA_BUNDLE = "webhooks[].clientConfig.caBundle"
_BINDING = {"roleRef.apiGroup": "rbac.authorization.k8s.io"}
_ALLOCATED = ("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "healthCheckNodePort", "ports[].nodePort")
_BOUND = ("volumeName", "storageClassName", "volumeMode")

KINDS = {
    "ConfigMap": Comparison(exact=True),
    "ServiceAccount": Comparison(exact=True, filled=frozenset({"secrets", "imagePullSecrets"})),
    "Role": Comparison(exact=True),
    "ClusterRole": Comparison(exact=True),
    "RoleBinding": Comparison(exact=True, defaults=_BINDING),
    "ClusterRoleBinding": Comparison(exact=True, defaults=_BINDING),
    "Namespace": Comparison(exact=True, filled=frozenset({"spec"})),
    "LimitRange": Comparison(exact=True),
    "ResourceQuota": Comparison(exact=True),
    # With an autoscaler the chart leaves the replicas out.
    "Deployment": Comparison(filled=frozenset({"spec.replicas"}), defaults=_DEPLOYMENT),
    "Service": Comparison(filled=frozenset(f"spec.{name}" for name in _ALLOCATED), defaults=_SERVICE),
    "PersistentVolumeClaim": Comparison(filled=frozenset(f"spec.{name}" for name in _BOUND)),
    # The program adds it if `vault.caFile` names a file, which another machine need not have.
    "Issuer": Comparison(filled=frozenset({"spec.vault.caBundle"})),
    "MutatingWebhookConfiguration": Comparison(written=frozenset({_CA_BUNDLE}), defaults=_WEBHOOKS),
    # The charts begin with Ignore; istiod sets Fail once it can answer.
    "ValidatingWebhookConfiguration": Comparison(
        written=frozenset({_CA_BUNDLE, "webhooks[].failurePolicy"}), defaults=_WEBHOOKS
    ),
}
"""Rules by kind. Objects of other kinds are compared too: the API server is asked for the default of each added
field."""


def comparison_rules(manifest: Mapping[str, object]) -> Comparison:
    """Return the comparison rules for the manifest's kind; Istio's own kinds have no defaults."""
    group = text_before(str(manifest.get("apiVersion", "")), "/")
    return KINDS.get(str(manifest.get("kind")), Comparison(exact=group.endswith(".istio.io")))
