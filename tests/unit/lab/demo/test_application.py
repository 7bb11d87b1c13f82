"""The demo's application: docs/demo.yaml, on the local cluster and on any other."""

import pytest
import yaml

from lab.cluster.shell import LabError
from lab.demo import application
from lab.toolchain.images import FORTIO
from tests.support import charts, crds

OBJECTS = [item for item in yaml.safe_load_all(application.FILE.read_text()) if item]
ISTIO = [item for item in OBJECTS if "istio.io/" in item["apiVersion"]]
LINE = '{"level":"info","msg":"Echo","method":"POST","url":"/orders/7","status":201}\n'


@pytest.fixture(params=("oldest", "newest"))
def version(request) -> str:
    return charts.versions()[0 if request.param == "oldest" else -1]


def test_every_istio_object_is_valid_for_istios_own_schemas(version):
    assert [problem for item in ISTIO for problem in crds.problems(item, version)] == []


def test_nothing_lies_outside_its_own_two_namespaces():
    named = {item["metadata"].get("namespace", item["metadata"]["name"]) for item in OBJECTS}
    assert named == {application.INSIDE, application.OUTSIDE}


def test_it_listens_for_its_own_host_alone():
    gateway, route = (next(item for item in ISTIO if item["kind"] == kind) for kind in ("Gateway", "VirtualService"))
    assert [server["hosts"] for server in gateway["spec"]["servers"]] == [[application.HOST]]
    assert route["spec"]["hosts"] == [application.HOST]


def test_an_order_is_never_repeated_and_a_price_may_be():
    route = next(item for item in ISTIO if item["kind"] == "VirtualService")
    attempts = {http["match"][0]["uri"]["prefix"]: http["retries"]["attempts"] for http in route["spec"]["http"]}
    assert attempts == {"/prices": 3, "/orders": 0}


def test_on_the_local_cluster_only_the_image_is_another_one():
    pods = [item["spec"]["template"]["spec"] for item in application.deployments(OBJECTS)]
    images = {container["image"] for pod in pods for container in pod["containers"]}
    assert all("@sha256:" in image for image in images)
    written = yaml.safe_dump(OBJECTS)
    for image in images:
        written = written.replace(image, FORTIO)
    assert yaml.safe_dump(application.objects()) == written


def test_without_a_mesh_the_command_says_to_make_one(monkeypatch):
    monkeypatch.setattr(application.summary, "ingress_url", lambda: "")
    with pytest.raises(LabError, match="no ingress gateway in istio-system: run `make up` first"):
        application.start()


def test_what_arrived_is_read_from_the_logs(monkeypatch):
    monkeypatch.setattr(application, "kubectl", lambda *_: f'starting\n{{"msg":"other"}}\n{LINE}')
    assert application.arrived("orders") == [("POST", "/orders/7")]
