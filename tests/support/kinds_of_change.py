"""The kinds of change of a mesh's settings: one table for the restart forecast of charts and of a running mesh."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

CRITICAL = "system-cluster-critical"
PROFILE = {"requests": {"cpu": "60m", "memory": "136Mi"}, "limits": {"cpu": "300m", "memory": "264Mi"}}
ROUTE = {"hosts": ["shop.example"], "http": [{"to": [{"service": "shop", "port": 80}]}]}


class Change(NamedTuple):
    """Settings of a stack file, beside the defaults."""

    settings: Mapping[str, Any]
    runs: bool = True
    """False where the local cluster cannot run the change: it lacks an image or a machine."""


KINDS = {
    "mutual TLS": Change({"mtls": {"mode": "PERMISSIVE"}}),
    "a first route": Change({"traffic": {"services": {"shop": {"ports": [80]}}, "routes": {"shop": ROUTE}}}),
    "more workloads": Change({"trading": {"workloads": 20}}),
    "another reach of sidecars": Change({"trading": {"sidecarScope": ["*/*"]}}),
    "another service": Change({"ingress": {"service": {"type": "ClusterIP"}}}),
    "more gateways": Change({"ingress": {"autoscaling": {"enabled": True}}}),
    "more memory for the ingress gateway": Change({"ingress": {"resources": PROFILE}}),
    "a longer drain": Change({"egress": {"drainSeconds": 30}}),
    "no egress gateway": Change({"egress": {"enabled": False}}),
    "more memory for sidecars": Change({"proxy": {"resources": PROFILE}}),
    "another life of certificates": Change({"mtls": {"certificateLifetime": "4h"}}),
    "fewer threads": Change({"proxy": {"concurrency": 1}}),
    "less tracing": Change({"proxy": {"traceSampling": 0.5}}),
    "outbound traffic": Change({"proxy": {"outboundTraffic": "REGISTRY_ONLY"}}),
    "another istiod": Change({"istio": {"pilotReplicas": 2}}),
    "more memory for istiod": Change({"istio": {"resources": PROFILE}}),
    "a variable of istiod": Change({"istio": {"values": {"pilot": {"env": {"PILOT_ENABLE_EDS_DEBOUNCE": "true"}}}}}),
    "an autoscaled istiod": Change({"istio": {"autoscaling": {"enabled": True}}}),
    "another target of autoscaling": Change({"istio": {"autoscaling": {"targetCpu": 70}}}),
    "Gateways without pods of their own": Change({"gatewayApi": {"mode": "routes"}}),
    "more memory for Gateways": Change({"gatewayApi": {"resources": PROFILE}}),
    "another place for images": Change({"images": {"hub": "registry.example/istio"}}, runs=False),
    "another way to pull": Change({"images": {"pullPolicy": "Always"}}, runs=False),
    "another machine": Change({"cluster": {"architecture": "amd64"}}, runs=False),
    "a tolerated taint": Change({"istio": {"scheduling": {"tolerations": [{"key": "spare"}]}}}),
    "a priority for the egress gateway": Change({"egress": {"scheduling": {"priorityClass": CRITICAL}}}),
    "a lost node given up sooner": Change({"cluster": {"unreachableSeconds": 60}}),
    "a trading namespace of another name": Change({"trading": {"namespace": "trades"}}),
    "nothing": Change({}),
}


def leaves(settings: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each setting with its path, such as ("istio.pilotReplicas", 2)."""
    for key, value in settings.items():
        where = f"{path}.{key}" if path else key
        if isinstance(value, Mapping):
            yield from leaves(value, where)
        else:
            yield where, value
