"""The first minutes of a newcomer: the last screen of `make up`, and the demo."""

import json

from lab.cluster.machines import NODES
from lab.demo import application
from lab.demo.scenes import SCENES
from tests.support.project import Project


def test_make_up_ends_with_one_screen_and_the_outputs_are_numbers_and_addresses(mesh: Project, figure):
    outputs = json.loads(mesh.pulumi("stack", "output", "--json").must().output)
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
