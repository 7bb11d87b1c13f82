"""Random valid settings, as in a stack file."""

from hypothesis import strategies as some

from tests.support.versions import NEWEST

MODES = ("STRICT", "PERMISSIVE")
NAMES = some.from_regex(r"[a-z]([-a-z0-9]{0,20}[a-z0-9])?", fullmatch=True)


def _ordered(low: int, high: int) -> some.SearchStrategy[tuple[int, int]]:
    return some.tuples(some.integers(low, high), some.integers(low, high)).map(lambda pair: (min(pair), max(pair)))


@some.composite
def profiles(draw) -> dict:
    """Return requests and limits, in any units."""
    cpu, cpu_limit = draw(_ordered(1, 4000))
    memory, memory_limit = draw(_ordered(1, 4096))
    unit = draw(some.sampled_from(("Ki", "Mi")))
    return {
        "requests": {"cpu": f"{cpu}m", "memory": f"{memory}{unit}"},
        "limits": {"cpu": f"{cpu_limit / 1000:.3f}", "memory": f"{memory_limit}{unit}"},
    }


@some.composite
def autoscalers(draw) -> dict:
    low, high = draw(_ordered(1, 100))
    bounds = {"minReplicas": low, "maxReplicas": high, "targetCpu": draw(some.integers(1, 100))}
    return {"enabled": draw(some.booleans()), **bounds}


@some.composite
def gateways(draw, first_port: int) -> dict:
    """Return a gateway with node ports of a thousand from `first_port` on, so that two gateways share none."""
    kind = draw(some.sampled_from(("auto", "LoadBalancer", "NodePort", "ClusterIP")))
    names = some.lists(some.sampled_from(("status-port", "http2", "https")), unique=True)
    numbers = some.lists(some.integers(first_port, first_port + 999), min_size=3, max_size=3, unique=True)
    ports = some.builds(lambda names, numbers: dict(zip(names, numbers, strict=False)), names, numbers)
    service = {"type": kind, "nodePorts": {} if kind == "ClusterIP" else draw(ports)}
    numbers = {"replicas": draw(some.integers(1, 100)), "drainSeconds": draw(some.integers(1, 300))}
    pods = {"enabled": draw(some.booleans()), "resources": draw(profiles()), "autoscaling": draw(autoscalers())}
    return {**pods, **numbers, "service": service}


@some.composite
def further_namespaces(draw) -> dict:
    injection, limit_range = draw(some.booleans()), draw(some.booleans())
    return {
        "injection": injection,
        "workloads": draw(some.integers(1, 500)),
        "workload": draw(profiles()),
        "bounds": {"quota": limit_range and draw(some.booleans()), "limitRange": limit_range},
        "defaultDeny": {"enabled": injection and draw(some.booleans())},
    }


@some.composite
def raw_settings(draw, version: str = NEWEST) -> dict:
    """Return all settings of a stack file, for one version."""
    mesh, trading, *further = draw(some.lists(NAMES, min_size=2, max_size=4, unique=True))
    return {
        "cluster": {"context": draw(NAMES), "architecture": draw(some.sampled_from(("arm64", "amd64")))},
        "images": {"pullPolicy": draw(some.sampled_from(("IfNotPresent", "Always", "Never")))},
        "istio": {
            "version": version,
            "namespace": mesh,
            "pilotReplicas": draw(some.integers(1, 100)),
            "resources": draw(profiles()),
            "autoscaling": draw(autoscalers()),
        },
        "proxy": {
            "resources": draw(profiles()),
            "concurrency": draw(some.integers(1, 16)),
            "traceSampling": draw(some.floats(0, 100)),
            "outboundTraffic": draw(some.sampled_from(("ALLOW_ANY", "REGISTRY_ONLY"))),
            "drainSeconds": draw(some.integers(1, 300)),
        },
        "ingress": draw(gateways(30000)),
        "egress": draw(gateways(31000)),
        "mtls": {"mode": draw(some.sampled_from(MODES)), "certificateLifetime": f"{draw(some.integers(1, 2160))}h"},
        "trading": {"namespace": trading, "workloads": draw(some.integers(1, 500)), "workload": draw(profiles())},
        "namespaces": {name: draw(further_namespaces()) for name in further},
    }
