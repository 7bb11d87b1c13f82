"""The workloads that most tests use, their Services, and traffic settings for as long as a test needs them."""

from collections.abc import Iterator
from contextlib import contextmanager

from lab.workloads import CONTROL, SELF, TRADING, Workload, apply, delete, namespace, service
from pi_mesh.values import traffic as rendered
from tests.support.factories import make_settings

ARGOCD, OUTSIDE = "argocd", "outside"

AGENT = {"app": "trading-agent"}
APP = {"app": "trading-app"}

CLIENT = Workload("client")
APPLICATION = Workload("trading-app", labels=APP, grpc=True)
AGENT_V1 = Workload("trading-agent-v1", labels={**AGENT, "version": "v1"}, ports=(8080, 8888))
AGENT_V2 = Workload("trading-agent-v2", labels={**AGENT, "version": "v2"}, answers="status=202")
"""Status 202, so that its answers differ from v1's."""
DEPLOYER = Workload("deployer", namespace=ARGOCD)
PROMETHEUS = Workload("prometheus", namespace=CONTROL)
OUTSIDER = Workload("outsider", namespace=OUTSIDE, sidecar=False)
"""A workload outside the mesh: a client without a certificate, and a host outside."""

ALL = (CLIENT, APPLICATION, AGENT_V1, AGENT_V2, DEPLOYER, PROMETHEUS, OUTSIDER)
NAMESPACES = (namespace(ARGOCD, **{"istio-injection": "enabled"}), namespace(OUTSIDE))
SERVICES = (
    service("trading-app-service", APP, http=8080),
    service("trading-agent-service", AGENT, http=8080),
    service("trading-agent-metrics", {SELF: AGENT_V1.name}, **{"http-metrics": 8888}),
)
APPLICATION_URL = f"http://trading-app-service.{TRADING}"
METRICS_URL = f"http://trading-agent-metrics.{TRADING}:8888"
AGENT_URL = f"http://trading-agent-service.{TRADING}"
INGRESS_URL = f"http://istio-ingressgateway.{CONTROL}"


def front_door(service: str = "trading-app-service") -> dict[str, object]:
    """Return the Ansible role's ingress, as traffic settings."""
    route = {"hosts": ["*"], "gateways": ["trading-gateway"], "http": [{"to": [{"service": service, "port": 80}]}]}
    return {"gateways": {"trading-gateway": {}}, "routes": {"trading-app": route}}


@contextmanager
def rules(**traffic: object) -> Iterator[None]:
    """Create the objects of `traffic`, the settings under `pi-mesh:traffic`, for the block."""
    first, last = rendered.stages(make_settings(traffic=traffic))
    apply([*first, *last])
    try:
        yield
    finally:
        delete([*last, *first])
