"""A trading namespace with every traffic setting, and workloads behind them."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lab.cluster.kubectl import kubectl
from lab.workloads import apply, delete
from pi_mesh.values.traffic import stages
from tests.support import authorities, pods
from tests.support.factories import make_settings
from tests.support.full_traffic_settings import AGENT, APP, MQTT_SECRET, SECRET, TRAFFIC


def start(namespace: str) -> None:
    """Create workloads first, then the objects; return when everything is Ready."""
    first, last = objects(namespace)
    workloads = [
        service(namespace, APP, "trading-app"),
        service(namespace, AGENT, "trading-agent"),
        labelled(pods.fortio(namespace, "app"), app="trading-app"),
        labelled(pods.fortio(namespace, "agent-v1"), app="trading-agent", version="v1"),
        labelled(pods.fortio(namespace, "agent-v2"), app="trading-agent", version="v2", legacy="true"),
        labelled(pods.fortio(namespace, "desk"), app="desk"),
    ]
    for stage in (workloads, first, last):
        apply(stage)
    pods.wait_ready(namespace, "app", "agent-v1", "agent-v2", "desk")


def objects(namespace: str) -> tuple[tuple[dict, ...], tuple[dict, ...]]:
    """Return the traffic objects, and those that are created last."""
    return stages(make_settings(trading={"namespace": namespace}, traffic=TRAFFIC))


@contextmanager
def neighbours(folder: Path) -> Iterator[None]:
    """Create what the settings name and others provide: the callers' namespace, and the certificate for HTTPS.

    Afterwards what the trading namespace's end leaves behind goes too: the objects in the mesh's root namespace.
    """
    made, certificate, key = authorities.make_root("trading.example.org"), folder / "tls.crt", folder / "tls.key"
    certificate.write_text(made.pem)
    key.write_text(made.key)
    kubectl("create", "namespace", "argocd")
    for secret in (SECRET, MQTT_SECRET):
        kubectl("create", "secret", "tls", secret, f"--cert={certificate}", f"--key={key}", "--namespace=istio-system")
    try:
        yield
    finally:
        kubectl("delete", "secret", SECRET, MQTT_SECRET, "--namespace=istio-system")
        kubectl("delete", "namespace", "argocd")
        objects_of_all = itertools.chain.from_iterable(objects("trading"))
        delete(item for item in objects_of_all if item["metadata"]["namespace"] == "istio-system")


def service(namespace: str, name: str, app: str) -> dict:
    made = pods.server(namespace, name)[1]
    return {**made, "spec": {**made["spec"], "selector": {"app": app}}}


def labelled(pod: dict, **labels: str) -> dict:
    return {**pod, "metadata": {**pod["metadata"], "labels": labels}}
