"""A change of Istio's version happens in place: upgraded releases, nothing replaced."""

import json

from lab.cluster.kubectl import staying_pods
from tests.support.helm import helm

OLD, NEW = "1.30.0", "1.31.0"
RELEASES = {"istio-base", "istiod", "istio-ingressgateway", "istio-egressgateway"}


def releases() -> dict[str, tuple[int, str]]:
    """Return each release's revision and the version that it has."""
    listed = json.loads(helm("list", "--output", "json"))
    return {one["name"]: (int(one["revision"]), one["app_version"]) for one in listed}


def test_a_newer_version_upgrades_every_release_in_place(mesh):
    mesh.set("istio.version", OLD)
    mesh.set("istio.allowSkip", value=True)
    mesh.must_up()
    before = releases()
    assert {version for _, version in before.values()} == {OLD}
    mesh.set("istio.version", NEW)
    upgraded = mesh.must_up()
    assert releases() == {name: (before[name][0] + 1, NEW) for name in RELEASES}
    assert "replaced" not in upgraded.output
    images = {one["image"] for pod in staying_pods("istio-system") for one in pod["spec"]["containers"]}
    assert images == {f"docker.io/istio/pilot:{NEW}", f"docker.io/istio/proxyv2:{NEW}"}
    mesh.preview("--expect-no-changes").must()
