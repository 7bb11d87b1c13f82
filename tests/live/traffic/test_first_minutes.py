"""The first minutes of a newcomer: the last screen of `make up`, the demo, and the mesh's use of the Pis."""

import json

import pytest

from lab.cluster.machines import NODES
from lab.demo import application
from lab.demo.scenes import SCENES
from tests.support.memory_by_services import MEBI, SCOPED_SIDECAR, by_part, measure
from tests.support.project import Project

SIZES = (0, 300, 1000)
"""Numbers of services below those at which the shipped limits end a container."""
LIMIT = 256
"""MiB: the Ansible role's memory limit of istiod, gateway and sidecar alike."""


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
