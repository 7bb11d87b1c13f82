"""The stack lab, installed for real: running pods, their numbers, mutual TLS, sidecars, no change afterwards."""

import json

import pytest

from lab.cluster.kubectl import get, kubectl, staying_pods
from tests.support import pods as workloads
from tests.support.helm import helm

pytestmark = pytest.mark.usefixtures("mesh")

NAMESPACE = "istio-system"
CONTROL = {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"cpu": "500m", "memory": "256Mi"}}
SIDECAR = {"requests": {"cpu": "50m", "memory": "128Mi"}, "limits": {"cpu": "200m", "memory": "256Mi"}}
APPS = ("istiod", "istio-ingressgateway", "istio-egressgateway")


def pods(app: str) -> list[dict]:
    return staying_pods(NAMESPACE, f"app={app}")


@pytest.fixture(scope="module")
def injected() -> dict:
    """Return a pod of the trading namespace, as the API server would make it."""
    pod = workloads.pod("trading", "probe", workloads.idle())
    made = kubectl("create", "--dry-run=server", "-o", "json", "-f", "-", stdin=json.dumps(pod))
    return json.loads(made)["spec"]


@pytest.mark.parametrize("app", APPS)
def test_the_live_pods_carry_exactly_the_profiles_numbers(app):
    (pod,) = pods(app)
    (container,) = pod["spec"]["containers"]
    assert container["resources"] == CONTROL
    assert all(status["ready"] for status in pod["status"]["containerStatuses"])


def test_every_release_is_deployed():
    releases = json.loads(helm("list", "--output", "json"))
    assert {(one["name"], one["status"]) for one in releases} == {(name, "deployed") for name in ("istio-base", *APPS)}


def test_strict_holds_for_the_whole_mesh():
    (policy,) = get("peerauthentications.security.istio.io", f"--namespace={NAMESPACE}")["items"]
    assert policy["spec"] == {"mtls": {"mode": "STRICT"}}


def test_a_pod_in_trading_comes_out_with_a_sidecar_of_the_roles_size(injected):
    everything = [*injected["containers"], *injected.get("initContainers", [])]
    (proxy,) = (one for one in everything if one["name"] == "istio-proxy")
    assert proxy["resources"] == SIDECAR


def test_a_container_that_names_no_resources_gets_the_defaults(injected):
    (app,) = (one for one in injected["containers"] if one["name"] == workloads.APP)
    assert app["resources"] == {
        "requests": {"cpu": "50m", "memory": "128Mi"},
        "limits": {"cpu": "500m", "memory": "256Mi"},
    }


def test_a_pod_with_its_sidecar_runs_within_the_quota():
    workloads.apply(workloads.fortio("trading", "probe"))
    try:
        workloads.wait_ready("trading", "probe")
        used = get("resourcequota", "workloads", "--namespace=trading")["status"]["used"]
        assert (used["pods"], used["requests.cpu"], used["limits.memory"]) == ("1", "100m", "512Mi")
    finally:
        kubectl("delete", "pod", "probe", "--namespace=trading")


@pytest.mark.row(44)
def test_a_second_up_changes_nothing(mesh):
    before = helm("list", "--output", "json")
    mesh.must_up("--expect-no-changes")
    assert helm("list", "--output", "json") == before


def test_nothing_to_change_is_what_a_preview_says(mesh):
    mesh.preview("--expect-no-changes").must()


@pytest.mark.parametrize("switch", ["ingress", "egress"])
def test_a_gateway_is_switched_off_and_on_again(mesh, switch):
    app = f"istio-{switch}gateway"
    mesh.set(f"{switch}.enabled", False)
    mesh.must_up()
    assert not get("deployments,services,serviceaccounts", f"--namespace={NAMESPACE}", f"--selector=app={app}")["items"]
    mesh.preview("--expect-no-changes").must()
    mesh.set(f"{switch}.enabled", True)
    mesh.must_up()
    (pod,) = pods(app)
    assert pod["status"]["containerStatuses"][0]["ready"]
    mesh.preview("--expect-no-changes").must()


@pytest.mark.row(15)
def test_a_preview_without_a_cluster_goes_on_and_says_what_it_could_not_check(mesh, tmp_path):
    kubeconfig = json.loads(kubectl("config", "view", "--raw", "-o", "json"))
    kubeconfig["clusters"][0]["cluster"]["server"] = "https://127.0.0.1:1"
    (tmp_path / "kubeconfig").write_text(json.dumps(kubeconfig))
    mesh.more["KUBECONFIG"] = str(tmp_path / "kubeconfig")
    try:
        preview = mesh.preview()
        refused = mesh.up()
    finally:
        mesh.more.clear()
    assert preview.status == 0, preview.output
    assert "does not answer" in preview.line_with("Preflight not done")
    assert refused.status != 0
    assert "nothing was touched" in refused.line_with("does not answer")


@pytest.mark.row(17)
def test_another_current_context_is_refused(mesh, tmp_path):
    kubeconfig = json.loads(kubectl("config", "view", "--raw", "-o", "json"))
    (tmp_path / "kubeconfig").write_text(json.dumps({**kubeconfig, "current-context": "production"}))
    mesh.more["KUBECONFIG"] = str(tmp_path / "kubeconfig")
    try:
        refused = mesh.up()
    finally:
        mesh.more.clear()
    assert refused.status != 0
    assert "current context is 'production'" in refused.line_with("cluster.context is 'lab'")
