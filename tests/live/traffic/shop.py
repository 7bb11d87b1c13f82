"""What the requests run through while the mesh changes: a server in two pods, a client inside the mesh, one outside."""

from collections.abc import Iterator
from contextlib import contextmanager

from lab.calls import settled, status
from lab.workloads import TRADING, Workload, apply, delete, manifests, namespace, service, wait_for
from tests.live.traffic import cast
from tests.live.traffic.rules import rules

APP = {"app": "shop"}
SERVICE, STREET = "shop-service", "street"
"""The server's Service, and the namespace outside of the mesh: no other test's, for they go when the tests are done."""
HOME = "pi-1"
"""Where the clients are: this node is never drained."""
AT_HOME = {"nodeSelector": {"kubernetes.io/hostname": HOME}}
SPREAD = {
    "maxSkew": 1,
    "topologyKey": "kubernetes.io/hostname",
    "whenUnsatisfiable": "ScheduleAnyway",
    "labelSelector": {"matchLabels": APP},
}
SHORT_LIVED = {"proxy.istio.io/config": "proxyMetadata: {SECRET_TTL: 60s}"}
"""As `mtls.certificateLifetime` does it, but for a life that is shorter than settings allow."""
STOP_SECONDS = 10
"""A server has to go on while its callers learn that it goes: a workload's own part in losing nothing."""

SHOP = Workload(
    "shop",
    labels=APP,
    replicas=2,
    stop_seconds=STOP_SECONDS,
    annotations=SHORT_LIVED,
    place={"topologySpreadConstraints": [SPREAD]},
)
INSIDER = Workload("insider", annotations=SHORT_LIVED, place=AT_HOME)
VISITOR = Workload("visitor", namespace=STREET, sidecar=False, place=AT_HOME)
ALL = (SHOP, INSIDER, VISITOR)
OBJECTS = (namespace(STREET), service(SERVICE, APP, http=8080), *(each for one in ALL for each in manifests(one)))
WAYS = {"ingress": (VISITOR, cast.INGRESS_URL), "sidecars": (INSIDER, f"http://{SERVICE}.{TRADING}")}
"""The streams: who calls, and where."""


@contextmanager
def open_shop() -> Iterator[None]:
    """The shop, open behind the ingress gateway; it is gone after."""
    apply(OBJECTS)
    try:
        with rules(**cast.front_door(SERVICE)):
            wait_for(*ALL)
            assert settled(lambda: status(VISITOR, cast.INGRESS_URL), 200) == 200
            yield
    finally:
        delete(OBJECTS)
