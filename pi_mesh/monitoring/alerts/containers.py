"""Alerts about the Pis and the mesh's containers on them, from the kubelets' own counters: no exporter is needed.

https://github.com/google/cadvisor/blob/master/docs/storage/prometheus.md
"""

from pi_mesh.monitoring.alert import Alert, Bounds, Severity
from pi_mesh.monitoring.promql import CONTAINER, KUBELETS_JOB, LIMIT, MEMORY, waits

OURS = f'{KUBELETS_JOB}, container=~"istio-proxy|discovery"'
"""Selector of the containers of proxies and of istiod."""


def _memory(bounds: Bounds) -> str:
    used, limit = (f"max by ({CONTAINER}) ({name}{{{OURS}}})" for name in (MEMORY, LIMIT))
    return f"100 * {used} / ({limit} > 0) > {bounds.memory_percent}"


def _throttled(bounds: Bounds) -> str:
    return f"{waits(OURS, CONTAINER)} > {bounds.throttled_percent}"


ALERTS = (
    Alert(
        "MeshContainerNearMemoryLimit",
        _memory,
        5,
        Severity.PAGE,
        "{{ $labels.container }} of {{ $labels.namespace }}/{{ $labels.pod }} uses {{ $value | humanize }} % of its "
        "memory limit; at 100 % the kernel kills it.",
        "Raise `proxy.resources` (or `istio.resources` for discovery), or give the namespace a `sidecarScope` so that "
        "its proxies learn of fewer services. `python -m operations budget` says what still fits.",
        "a-sidecar-is-short-of-memory-or-cpu",
    ),
    Alert(
        "MeshContainerThrottled",
        _throttled,
        15,
        Severity.TICKET,
        "{{ $labels.container }} of {{ $labels.namespace }}/{{ $labels.pod }} waits at its CPU limit in "
        "{{ $value | humanize }} % of the periods: each of its requests is slower.",
        "Raise the CPU limit in `proxy.resources` (or `istio.resources` for discovery).",
        "a-sidecar-is-short-of-memory-or-cpu",
    ),
    Alert(
        "PiGone",
        lambda _: f"up{{{KUBELETS_JOB}}} == 0",
        5,
        Severity.PAGE,
        "The kubelet of {{ $labels.instance }} does not answer: the Pi is off, or cut off.",
        "`kubectl get nodes`, then `python -m operations budget`, which names what fits on no other node.",
        "a-pi-is-dead",
    ),
)
