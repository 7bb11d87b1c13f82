"""Calls that an application makes when it starts."""

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest

from lab.cluster.kubectl import get, kubectl
from lab.cluster.waiting import wait_until
from lab.toolchain.images import FORTIO
from lab.workloads import MARK, ROOM, SELF, TRADING
from tests.live.traffic import cast
from tests.live.traffic.load import Tally
from tests.support.objects import present

pytestmark = pytest.mark.usefixtures("workloads")

CALLS = 20
"""Calls of each pod, from its first millisecond on, ten in a second."""
ORDINARY = {"sidecar.istio.io/nativeSidecar": "false"}
"""Annotation of a pod whose sidecar is an ordinary container."""
WITHOUT = {**ORDINARY, "proxy.istio.io/config": "holdApplicationUntilProxyStarts: false"}
PODS: Mapping[str, Mapping[str, str]] = {"native": {}, "held": ORDINARY, "not-held": WITHOUT}
"""Annotations of the pods, by their names."""


@pytest.fixture(scope="module")
def answers(workloads: None) -> dict[str, Tally]:  # noqa: ARG001 - the callee
    """Return what the calls of each pod got."""
    with present(_pod(name, annotations) for name, annotations in PODS.items()):
        wait_until("the calls of every pod", lambda: all(map(_ended, PODS)), seconds=120)
        return {name: _answers(name) for name in PODS}


def test_an_application_with_a_native_sidecar_loses_no_first_call(answers, figure):
    assert answers["native"].statuses == {200: CALLS}
    figure(str(answers["native"]))


def test_an_application_that_waits_for_its_sidecar_loses_no_first_call(answers, figure):
    assert answers["held"].statuses == {200: CALLS}
    figure(str(answers["held"]))


def test_an_application_that_does_not_wait_loses_its_first_calls(answers, figure):
    assert answers["not-held"].failed
    figure(str(answers["not-held"]))


def _pod(name: str, annotations: Mapping[str, str]) -> dict[str, Any]:
    # Late calls are made up for: with -nocatchup a slow answer would skip the next ones, which then count as lost.
    load = ["load", "-quiet", "-qps=10", "-c=1", f"-n={CALLS}", "-allow-initial-errors"]
    container = {"name": SELF, "image": FORTIO, "args": [*load, cast.APPLICATION_URL], "resources": ROOM}
    metadata = {"name": f"caller-{name}", "namespace": TRADING, "labels": MARK, "annotations": dict(annotations)}
    spec = {"restartPolicy": "Never", "terminationGracePeriodSeconds": 1, "containers": [container]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def _ended(name: str) -> bool:
    statuses = get("pod", f"caller-{name}", "-n", TRADING)["status"].get("containerStatuses", [])
    return any(one["name"] == SELF and "terminated" in one["state"] for one in statuses)


def _answers(name: str) -> Tally:
    said = kubectl("logs", "-n", TRADING, f"caller-{name}", f"--container={SELF}")
    found = re.findall(r"^Code +(-?\d+) : (\d+) ", said, re.MULTILINE)
    return Tally(Counter({int(code): int(count) for code, count in found}))
