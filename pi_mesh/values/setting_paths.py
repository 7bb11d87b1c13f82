"""The config key behind each Helm value, for readers who know the stack file and not the charts."""

from collections.abc import Mapping

from pi_mesh.names import EXTERNAL_CA_LABEL, VERSION_ANNOTATION

VAULT_ENV = ("ISTIO_MULTIROOT_MESH", "EXTERNAL_CA", "K8S_SIGNER", "CITADEL_SELF_SIGNED_CA_CERT_TTL")
VAULT_METADATA = ("PROXY_CONFIG_XDS_AGENT", "XDS_ROOT_CA", "CA_ROOT_CA")
"""Variables of istiod and of the proxies that `pi_mesh.values.vault` sets."""
EVERYWHERE = {
    "nodeSelector": "cluster.architecture",
    "imagePullPolicy": "images.pullPolicy",
    "imagePullSecrets": "images.pullSecrets",
    "global.imagePullSecrets": "images.pullSecrets",
    "image.pullPolicy": "images.pullPolicy",
    "global.istioNamespace": "istio.namespace",
}
BY_CHART: Mapping[str, Mapping[str, str]] = {
    "istiod": {
        "pilot.replicaCount": "istio.pilotReplicas",
        "pilot.resources": "istio.resources",
        "pilot.nodeSelector": "cluster.architecture",
        "pilot.traceSampling": "proxy.traceSampling",
        "pilot.autoscaleEnabled": "istio.autoscaling.enabled",
        "pilot.autoscaleMin": "istio.autoscaling.minReplicas",
        "pilot.autoscaleMax": "istio.autoscaling.maxReplicas",
        "pilot.cpu": "istio.autoscaling.targetCpu",
        f"pilot.podAnnotations.{EXTERNAL_CA_LABEL}": "vault",
        **{f"pilot.env.{name}": "vault" for name in VAULT_ENV},
        "pilot.image": "images.digests",
        "global.proxy.image": "images.digests",
        "global.proxy_init.image": "images.digests",
        "pilot.volumes": "vault",
        "pilot.volumeMounts": "vault",
        "global.hub": "images.hub",
        "global.tag": "istio.version",
        "global.imagePullPolicy": "images.pullPolicy",
        "pilot.env.PILOT_TRACE_SAMPLING": "proxy.traceSampling",
        "pilot.env.ENABLE_NATIVE_SIDECARS": "proxy.nativeSidecars",
        "global.proxy.resources": "proxy.resources",
        "global.proxy.readinessPeriodSeconds": "istio.version",
        "global.proxy.readinessFailureThreshold": "istio.version",
        "global.defaultPodDisruptionBudget.enabled": "istio.pilotReplicas",
        "global.pilotCertProvider": "vault",
        "global.certSigners": "vault",
        "sidecarInjectorWebhook": "vault",
        "meshConfig.outboundTrafficPolicy.mode": "proxy.outboundTraffic",
        "meshConfig.pathNormalization.normalization": "proxy.pathNormalization",
        "meshConfig.defaultHttpRetryPolicy": "proxy.defaultRetries",
        "meshConfig.defaultConfig.holdApplicationUntilProxyStarts": "proxy.holdApplicationUntilProxyStarts",
        "meshConfig.defaultConfig.concurrency": "proxy.concurrency",
        "meshConfig.defaultConfig.terminationDrainDuration": "proxy.drainSeconds",
        "meshConfig.defaultConfig.proxyMetadata.SECRET_TTL": "mtls.certificateLifetime",
        **{f"meshConfig.defaultConfig.proxyMetadata.{name}": "vault" for name in VAULT_METADATA},
        "meshConfig.caCertificates": "vault",
        "meshConfig.extensionProviders": "observability",
        "meshConfig.enableTracing": "observability",
    },
    "gateway": {
        "replicaCount": "{}.replicas",
        "resources": "{}.resources",
        "service.type": "{}.service.type",
        "service.ports": "{}.service.nodePorts",
        "service.externalTrafficPolicy": "{}.service.externalTrafficPolicy",
        "service.loadBalancerIP": "{}.service.address",
        "service.annotations": "{}.service.address",
        "service.loadBalancerClass": "{}.service.loadBalancerClass",
        "service.loadBalancerSourceRanges": "{}.service.sourceRanges",
        "autoscaling.enabled": "{}.autoscaling.enabled",
        "autoscaling.minReplicas": "{}.autoscaling.minReplicas",
        "autoscaling.maxReplicas": "{}.autoscaling.maxReplicas",
        "autoscaling.targetCPUUtilizationPercentage": "{}.autoscaling.targetCpu",
        "readinessProbe": "istio.version",
        "podAnnotations.proxy.istio.io/config": "{}.drainSeconds",
        "podAnnotations.inject.istio.io/templates": "vault",
        f"podAnnotations.{VERSION_ANNOTATION}": "istio.version",
        "terminationGracePeriodSeconds": "{}.drainSeconds",
        "podDisruptionBudget": "{}.replicas",
        "rbac.enabled": "traffic.gateways",
        "topologySpreadConstraints": "{}.replicas",
    },
    "cert-manager": {"resources": "{}.resources", "serviceAccount": "{}.serviceAccount", "global": "{}.namespace"},
}
"""Config key by chart and path of the value; `{}` is the key of the release's branch. The longest path applies."""


def config_key(chart: str, setting: str, path: str, *, typed: bool, extra: bool) -> str:
    """Return the config key of a value; `typed` and `extra` tell if a typed setting or an extra value gives it now.

    A typed value that is not in the table has the key of its branch.
    """
    known = {**EVERYWHERE, **BY_CHART.get(chart, {})}
    fitting = [prefix for prefix in known if f"{path}.".startswith(f"{prefix}.")]
    if fitting and not extra:
        return known[max(fitting, key=len)].format(setting)
    return setting if typed else f"{setting}.values.{path}"
