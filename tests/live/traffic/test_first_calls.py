"""Calls that an application makes when it starts."""

import re
from collections.abc import Mapping
from typing import Any

import pytest

from lab.cluster.kubectl import get, kubectl
from lab.cluster.waiting import wait_until
from lab.toolchain.images import FORTIO
from lab.workloads import MARK, ROOM, SELF, TRADING, apply, delete
from tests.live.traffic import cast

pytestmark = pytest.mark.usefixtures("workloads")

CALLS = 20
"""Calls of each pod, from its first millisecond on, ten in a second."""
ORDINARY = {"sidecar.istio.io/nativeSidecar": "false"}
"""Annotation of a pod whose sidecar is an ordinary container."""
WITHOUT = {**ORDINARY, "proxy.istio.io/config": "holdApplicationUntilProxyStarts: false"}
PODS: Mapping[str, Mapping[str, str]] = {"native": {}, "held": ORDINARY, "not-held": WITHOUT}
"""Annotations of the pods, by their names."""


@pytest.fixture(scope="module")
def lost(workloads: None) -> dict[str, int]:  # noqa: ARG001 - the callee
    """Return how many of its calls each pod has lost."""
    pods = [_pod(name, annotations) for name, annotations in PODS.items()]
    apply(pods)
    try:
        wait_until("the calls of every pod", lambda: all(map(_ended, PODS)), seconds=120)
        return {name: CALLS - _succeeded(name) for name in PODS}
    finally:
        delete(pods)


def test_an_application_with_a_native_sidecar_loses_no_first_call(lost, figure):
    assert lost["native"] == 0
    figure(f"0 of {CALLS} lost")


def test_an_application_that_waits_for_its_sidecar_loses_no_first_call(lost, figure):
    assert lost["held"] == 0
    figure(f"0 of {CALLS} lost")


def test_an_application_that_does_not_wait_loses_its_first_calls(lost, figure):
    assert lost["not-held"] > 0
    figure(f"{lost['not-held']} of {CALLS} lost")


def _pod(name: str, annotations: Mapping[str, str]) -> dict[str, Any]:
    load = ["load", "-quiet", "-qps=10", "-c=1", f"-n={CALLS}", "-nocatchup", "-allow-initial-errors"]
    container = {"name": SELF, "image": FORTIO, "args": [*load, cast.APPLICATION_URL], "resources": ROOM}
    metadata = {"name": f"caller-{name}", "namespace": TRADING, "labels": MARK, "annotations": dict(annotations)}
    spec = {"restartPolicy": "Never", "terminationGracePeriodSeconds": 1, "containers": [container]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def _ended(name: str) -> bool:
    statuses = get("pod", f"caller-{name}", "-n", TRADING)["status"].get("containerStatuses", [])
    return any(one["name"] == SELF and "terminated" in one["state"] for one in statuses)


def _succeeded(name: str) -> int:
    said = kubectl("logs", "-n", TRADING, f"caller-{name}", f"--container={SELF}")
    found = re.search(r"^Code 200 : (\d+) ", said, re.MULTILINE)
    return int(found[1]) if found else 0
