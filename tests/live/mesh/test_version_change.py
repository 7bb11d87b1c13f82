"""A change of Istio's version happens in place: upgraded releases, nothing replaced."""

import json

from lab.cluster.kubectl import staying_pods
from tests.support.mesh_by_helm import helm

OLD, NEW = "1.30.0", "1.31.0"
RELEASES = {"istio-base", "istiod", "istio-ingressgateway", "istio-egressgateway"}


def releases() -> dict[str, tuple[str, str]]:
    return {one["name"]: (one["revision"], one["app_version"]) for one in json.loads(helm("list", "--output", "json"))}


def test_a_newer_version_upgrades_every_release_in_place(project):
    project.set("istio.version", OLD)
    first = project.up()
    assert first.status == 0, first.output
    assert releases() == dict.fromkeys(RELEASES, ("1", OLD))
    project.set("istio.version", NEW)
    second = project.up()
    assert second.status == 0, second.output
    assert releases() == dict.fromkeys(RELEASES, ("2", NEW))
    assert "replaced" not in second.output
    images = {one["image"] for pod in staying_pods("istio-system") for one in pod["spec"]["containers"]}
    assert images == {f"docker.io/istio/pilot:{NEW}", f"docker.io/istio/proxyv2:{NEW}"}
    assert project.preview("--expect-no-changes").status == 0
