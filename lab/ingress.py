"""The way from 127.0.0.1 to the ingress gateway of the stack lab."""

from lab.cluster import forward
from lab.cluster.kubectl import get
from lab.workloads import CONTROL

SERVICE = "istio-ingressgateway"


def url() -> str:
    """Return the URL on 127.0.0.1 that leads to the gateway's Service; empty where there is none."""
    found = get("services", f"--namespace={CONTROL}", f"--field-selector=metadata.name={SERVICE}")["items"]
    return f"http://127.0.0.1:{forward.keep('ingress', _target(found[0]))}" if found else ""


def _target(service: dict) -> str:
    return f"{service['spec']['clusterIP']}:80"
