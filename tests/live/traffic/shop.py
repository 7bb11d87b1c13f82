"""The shop, which serves requests while the mesh changes: two server pods, a client inside the mesh, one outside."""

from collections.abc import Iterator
from contextlib import contextmanager

from lab.calls import settled, status
from lab.workloads import TRADING, Workload, manifests, namespace, service
from tests.live.traffic import cast
from tests.support.objects import present

APP = {"app": "shop"}
SERVICE, STREET = "shop-service", "street"
"""The server's Service, and a namespace outside of the mesh that no other test uses: both are deleted at the end."""
HOME = "pi-1"  # node of the clients, which is never drained
AT_HOME = {"nodeSelector": {"kubernetes.io/hostname": HOME}}
SPREAD = {
    "maxSkew": 1,
    "topologyKey": "kubernetes.io/hostname",
    "whenUnsatisfiable": "ScheduleAnyway",
    "labelSelector": {"matchLabels": APP},
}
SHORT_LIVED = {"proxy.istio.io/config": "proxyMetadata: {SECRET_TTL: 60s}"}
"""Annotation like that of `mtls.certificateLifetime`, for a shorter life than the settings allow."""
STOP_SECONDS = 10
"""Seconds that a server goes on while its callers learn that it stops: a workload's own part in losing no request."""

PLACE = {"topologySpreadConstraints": [SPREAD]}
SHOP = Workload("shop", labels=APP, replicas=2, stop_seconds=STOP_SECONDS, annotations=SHORT_LIVED, place=PLACE)
INSIDER = Workload("insider", annotations=SHORT_LIVED, place=AT_HOME)
VISITOR = Workload("visitor", namespace=STREET, sidecar=False, place=AT_HOME)
ALL = (SHOP, INSIDER, VISITOR)
SERVICES = (namespace(STREET), service(SERVICE, APP, http=8080))
OBJECTS = (*SERVICES, *(each for one in ALL for each in manifests(one)))
WAYS = {"ingress": (VISITOR, cast.INGRESS_URL), "sidecars": (INSIDER, f"http://{SERVICE}.{TRADING}")}
"""The streams, each with its caller and its URL."""


@contextmanager
def open_shop() -> Iterator[None]:
    """Open the shop behind the ingress gateway for the block, and remove it afterwards."""
    with present(SERVICES, *ALL), cast.rules(**cast.front_door(SERVICE)):
        assert settled(lambda: status(VISITOR, cast.INGRESS_URL), 200) == 200
        yield
