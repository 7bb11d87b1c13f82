"""What the requests run through while the mesh changes: a server in two pods, a client inside the mesh, one outside."""

from tests.live.traffic import cast
from tests.live.traffic.workloads import Workload, manifests

HOME = "pi-1"
"""Where the clients are: this node is never drained."""
AT_HOME = {"nodeSelector": {"kubernetes.io/hostname": HOME}}
SPREAD = {
    "maxSkew": 1,
    "topologyKey": "kubernetes.io/hostname",
    "whenUnsatisfiable": "ScheduleAnyway",
    "labelSelector": {"matchLabels": cast.APP},
}
SHORT_LIVED = {"proxy.istio.io/config": "proxyMetadata: {SECRET_TTL: 60s}"}
"""As `mtls.certificateLifetime` does it, but for a life that is shorter than settings allow."""
STOP_SECONDS = 10
"""A server has to go on while its callers learn that it goes: a workload's own part in losing nothing."""

SHOP = Workload(
    "shop",
    labels=cast.APP,
    replicas=2,
    stop_seconds=STOP_SECONDS,
    annotations=SHORT_LIVED,
    place={"topologySpreadConstraints": [SPREAD]},
)
INSIDER = Workload("insider", annotations=SHORT_LIVED, place=AT_HOME)
VISITOR = Workload("visitor", namespace=cast.OUTSIDE, sidecar=False, place=AT_HOME)
ALL = (SHOP, INSIDER, VISITOR)
OBJECTS = (cast.NAMESPACES[-1], cast.SERVICES[0], *(each for one in ALL for each in manifests(one)))
WAYS = {"ingress": (VISITOR, cast.INGRESS_URL), "sidecars": (INSIDER, cast.APPLICATION_URL)}
"""The streams: who calls, and where."""
