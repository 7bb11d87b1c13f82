"""Helm values of the charts `base` and `istiod`: the CRDs, the control plane, the mesh config and the sidecars.

istiod's keys are under `pilot.`, which every chart version reads: before 1.24 only there, since then also at the root
(templates/zzy_descope_legacy.yaml).
"""

from collections.abc import Mapping

from pi_mesh.catalog.istio import facts_of
from pi_mesh.names import ISTIOD
from pi_mesh.settings import Settings, gateway_api
from pi_mesh.values import telemetry, vault
from pi_mesh.values.helm_values import Values, merge
from pi_mesh.values.objects import given
from pi_mesh.values.placement import node_selector, scheduling, spread
from pi_mesh.values.traffic import authorization
from pi_mesh.values.traffic.routes import retry_policy

MAX_SURGE_PERCENT = 25
"""Surge of a rollout in percent: Kubernetes' default, and before 1.24 the gateway chart's; istiod's chart has 100."""


def base_values(settings: Settings) -> Values:
    """Return the values of the chart `base`, without the extra values."""
    return {"global": {"istioNamespace": settings.istio.namespace}}


def istiod_values(settings: Settings, root: str | None = None) -> Values:
    """Return the values of the chart `istiod`, without the extra values; `root` as in `inventory.mesh_inventory`."""
    return merge(_istiod(settings), vault.helm_values(settings, root))


def canary_values(settings: Settings, revision: str, root: str | None = None) -> Values:
    """Return the values of the second istiod: those of the first, with its own version and a revision."""
    return merge(istiod_values(settings.of_canary, root), {"revision": revision})


def _istiod(settings: Settings) -> Values:
    return {
        "pilot": _pilot(settings),
        "global": {
            "hub": settings.images.hub,
            "tag": settings.istio.version,
            "imagePullPolicy": settings.images.pull_policy,
            "istioNamespace": settings.istio.namespace,
            **given(imagePullSecrets=[*settings.images.secrets]),
            # Before 1.28 the chart creates one for a single pod too, and a drain of its node then never ends.
            "defaultPodDisruptionBudget": {"enabled": settings.istio.least_pods > 1},
            "proxy": {
                "resources": settings.proxy.resources.to_kubernetes(),
                **_readiness(settings.istio.version),
                **_pinned(settings, "proxyv2"),
            },
            **given(
                proxy_init=_pinned(settings, "proxyv2"), priorityClassName=settings.istio.scheduling.priority_class
            ),
        },
        "meshConfig": mesh_config(settings),
        **given(gatewayClasses=given(istio=_gateway_class(settings))),
    }


def _pilot(settings: Settings) -> Values:
    istio = settings.istio
    return {
        **given(env=_environment(settings)),
        **scheduling(settings, istio.scheduling),
        **given(pdb=given(unhealthyPodEvictionPolicy=istio.scheduling.unhealthy_pod_eviction_policy)),
        "replicaCount": istio.pilot_replicas,
        "resources": istio.resources.to_kubernetes(),
        "nodeSelector": node_selector(settings),
        "rollingMaxSurge": f"{MAX_SURGE_PERCENT}%",
        "traceSampling": settings.proxy.trace_sampling,
        "autoscaleEnabled": istio.autoscaling.enabled,
        "autoscaleMin": istio.autoscaling.min_replicas,
        "autoscaleMax": istio.autoscaling.max_replicas,
        "cpu": {"targetAverageUtilization": istio.autoscaling.target_cpu},
        **_kept_apart(settings),
        **_pinned(settings, "pilot"),
    }


def _pinned(settings: Settings, image: str) -> Values:
    """Return the value `image` of an image with a digest."""
    return given(image=settings.images.pinned(image, settings.istio.version))


def _kept_apart(settings: Settings) -> Values:
    """Keep two or more pods on different nodes, unless the extra values say something of it."""
    own, key = settings.istio.values, "topologySpreadConstraints"
    pilot = own.get("pilot")
    says_otherwise = key in own or (isinstance(pilot, Mapping) and key in pilot)
    return {key: [spread({"app": ISTIOD})]} if settings.istio.least_pods > 1 and not says_otherwise else {}


def _environment(settings: Settings) -> Values:
    """Return istiod's variables; those that Istio's own default needs no value for are left out."""
    native, mode = settings.proxy.native_sidecars, settings.gateway_api.mode
    return given(
        # The charts ignore `traceSampling: 0`, and istiod would trace 1 percent.
        PILOT_TRACE_SAMPLING=None if settings.proxy.trace_sampling else "0",
        ENABLE_NATIVE_SIDECARS=None if native is None else str(native).lower(),
        **dict.fromkeys(gateway_api.SWITCHES, "false" if mode == "off" else None),
        **{gateway_api.DEPLOYMENTS: "false" if mode in ("off", "routes") else None},
    )


def _gateway_class(settings: Settings) -> Values:
    """Return what istiod merges into the objects of each Gateway of the class `istio`."""
    own = settings.gateway_api
    proxy = {"name": "istio-proxy", "resources": own.resources.to_kubernetes()} if own.resources else None
    template = {"spec": {"containers": [proxy]}} if proxy else None
    return given(
        deployment=given(spec=given(replicas=own.replicas, template=template)),
        podDisruptionBudget={"spec": {"minAvailable": 1}} if (own.replicas or 1) > 1 else None,
        service=given(spec=given(type=own.service_type)),
    )


def _readiness(version: str) -> Values:
    """Return the probe values of proxies whose gateways have no probe of their own.

    The probe is less frequent than a gateway's own (`pi_mesh.values.gateway`), because every sidecar is probed too.
    """
    if facts_of(version).gateways_choose_their_probe:
        return {}
    return {"readinessPeriodSeconds": 3, "readinessFailureThreshold": 20}


# https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/


def mesh_config(settings: Settings) -> Values:
    """Return the mesh config, without the extra values."""
    proxy = settings.proxy
    return {
        **_discovery(settings),
        "outboundTrafficPolicy": {"mode": proxy.outbound_traffic},
        "pathNormalization": {"normalization": proxy.path_normalization},
        **_default_retries(settings),
        "defaultConfig": {
            "concurrency": proxy.concurrency,
            "terminationDrainDuration": f"{proxy.drain_seconds}s",
            **({"drainDuration": f"{drain}s"} if (drain := proxy.listener_drain_seconds) else {}),
            "holdApplicationUntilProxyStarts": proxy.hold_application_until_proxy_starts,
            # Proxies request certificates of this lifetime, and renew them at half of it (SECRET_GRACE_PERIOD_RATIO).
            "proxyMetadata": {
                "SECRET_TTL": settings.mtls.certificate_lifetime,
                **(exit_when_idle(True, proxy.drain_seconds) if proxy.exit_when_idle else {}),
                **(_dns_capture(settings) if proxy.dns_capture else {}),
            },
        },
        **given(
            enableTracing=telemetry.TRACING_PROVIDER in settings.observability.enabled() or None,
            extensionProviders=[*telemetry.extension_providers(settings), *authorization.authorizers(settings)],
        ),
    }


def exit_when_idle(idle: bool, least_seconds: int) -> dict[str, str]:
    """Return the metadata by which a stopping proxy waits for idleness instead of terminationDrainDuration, or not."""
    return {"EXIT_ON_ZERO_ACTIVE_CONNECTIONS": str(idle).lower(), "MINIMUM_DRAIN_DURATION": f"{least_seconds}s"}


def _dns_capture(settings: Settings) -> dict[str, str]:
    """Return the metadata for DNS; from 1.25 on istiod allocates the addresses (releasenotes/notes/54690.yaml)."""
    allocate = {} if facts_of(settings.istio.version).minor >= 25 else {"ISTIO_META_DNS_AUTO_ALLOCATE": "true"}
    return {"ISTIO_META_DNS_CAPTURE": "true", **allocate}


def _discovery(settings: Settings) -> Values:
    """Return the selector of the watched namespaces, by the label that Kubernetes gives each of them."""
    watched = settings.watched_namespaces
    if watched is None:
        return {}
    by_name = {"key": "kubernetes.io/metadata.name", "operator": "In", "values": [*watched]}
    return {"discoverySelectors": [{"matchExpressions": [by_name]}]}


def _default_retries(settings: Settings) -> Values:
    """Return the retry policy of routes without one, unless the extra values have it: half of each would be invalid."""
    own, key = settings.istio.values.get("meshConfig"), "defaultHttpRetryPolicy"
    says_otherwise = isinstance(own, Mapping) and key in own
    return {} if says_otherwise else {key: retry_policy(settings.proxy.default_retries)}
