"""Helm values of the chart `istiod`: the control plane, and what it injects into every pod.

Keys stand under `pilot.`, which every chart version reads: before 1.24 only there, since then also at the root
(templates/zzy_descope_legacy.yaml).
"""

from pi_mesh.budget.rollout import MAX_SURGE_PERCENT
from pi_mesh.settings import Settings
from pi_mesh.values import authority, readiness
from pi_mesh.values.extra import Values, merge
from pi_mesh.values.observability import tracing
from pi_mesh.values.placement import node_selector


def helm_values(settings: Settings, root: str | None = None) -> Values:
    """What the settings say, without the extra values; `root` as in `pi_mesh.values.releases.of`."""
    plugged = merge(authority.helm_values(settings, root), tracing.helm_values(settings))
    return merge(_own(settings), plugged)


def _own(settings: Settings) -> Values:
    return {
        "pilot": _pilot(settings),
        "global": {
            "hub": settings.images.hub,
            "tag": settings.istio.version,
            "imagePullPolicy": settings.images.pull_policy,
            "istioNamespace": settings.istio.namespace,
            "proxy": {
                "resources": settings.proxy.resources.to_kubernetes(),
                **readiness.of_all_proxies(settings.istio.version),
            },
        },
        "meshConfig": _mesh_config(settings),
    }


def _pilot(settings: Settings) -> Values:
    istio = settings.istio
    return {
        "replicaCount": istio.pilot_replicas,
        "resources": istio.resources.to_kubernetes(),
        "nodeSelector": node_selector(settings),
        "rollingMaxSurge": f"{MAX_SURGE_PERCENT}%",
        "traceSampling": settings.proxy.trace_sampling,
        "autoscaleEnabled": istio.autoscaling.enabled,
        "autoscaleMin": istio.autoscaling.min_replicas,
        "autoscaleMax": istio.autoscaling.max_replicas,
        "cpu": {"targetAverageUtilization": istio.autoscaling.target_cpu},
    }


def _mesh_config(settings: Settings) -> Values:
    proxy = settings.proxy
    return {
        "outboundTrafficPolicy": {"mode": proxy.outbound_traffic},
        "defaultConfig": {
            "concurrency": proxy.concurrency,
            "terminationDrainDuration": f"{proxy.drain_seconds}s",
            # Proxies ask for certificates of this life, and renew them at half of it (SECRET_GRACE_PERIOD_RATIO).
            "proxyMetadata": {"SECRET_TTL": settings.mtls.certificate_lifetime},
        },
    }
