"""A newcomer's first minutes, the first calls of an application, and the mesh's use of the Pis."""

import json
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest

from lab.cluster.kubectl import get, kubectl
from lab.cluster.machines import NODES
from lab.cluster.waiting import wait_until
from lab.demo import application
from lab.demo.scenes import SCENES
from lab.toolchain.images import FORTIO
from lab.workloads import MARK, ROOM, SELF, TRADING
from tests.live.traffic import cast
from tests.live.traffic.load import Tally
from tests.support.memory_by_services import MEBI, SCOPED_SIDECAR, by_part, measure
from tests.support.objects import present
from tests.support.project import Project

SIZES = (0, 300, 1000)  # numbers of services below those at which the shipped limits end a container
LIMIT = 256  # MiB: the Ansible role's memory limit of istiod, gateway and sidecar alike


def test_make_up_ends_with_one_screen_and_the_outputs_are_numbers_and_addresses(mesh: Project, figure):
    outputs = mesh.outputs()
    ingress = outputs["gateways"]["istio-ingressgateway"]
    assert (ingress["type"], ingress["addresses"]) == ("NodePort", [node.address for node in NODES])
    assert outputs["budget"]["pods"] == 3
    screen = mesh.run("python", "-m", "lab.summary").must().output.splitlines()
    figure(f"{len(screen)} lines; {len(json.dumps(outputs, indent=2).splitlines())} lines of outputs")
    assert "is up on 3 nodes and verified" in "\n".join(screen)
    assert len(screen) <= 12


def test_every_scene_of_the_demo_is_as_it_says(mesh: Project, figure):
    mesh.tenants.append(application.remove)
    url = application.start()
    try:
        seen = [scene(url) for scene in SCENES]
    finally:
        application.remove()
        mesh.tenants.remove(application.remove)
    figure("; ".join(one.text for one in seen))
    assert [str(one) for one in seen if not one.is_as_expected] == []


@pytest.mark.long
@pytest.mark.usefixtures("mesh")
def test_istiod_gateway_and_sidecar_stay_within_their_memory_up_to_a_thousand_services(figure):
    parts = by_part(tuple(measure(SIZES, print)))
    most = {name: max(one.memory for one in values) / MEBI for name, values in parts.items()}
    figure(", ".join(f"{name} {mebi:.0f} MiB" for name, mebi in most.items()))
    assert max(most.values()) < LIMIT
    scoped = [one.memory for one in parts[SCOPED_SIDECAR]]
    assert scoped[-1] - scoped[0] < 4 * MEBI, "the default scope keeps services of other namespaces from sidecars"


CALLS = 20  # calls of each pod, from its first millisecond on, ten in a second
ORDINARY = {"sidecar.istio.io/nativeSidecar": "false"}  # annotation of a pod whose sidecar is an ordinary container
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
