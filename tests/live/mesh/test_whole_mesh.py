"""The shipped mesh, installed for real: its pods and gateways, no change afterwards, and its cluster and state."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lab.cluster.kubectl import get, kubectl, staying_pods
from lab.cluster.names import KUBECONFIG
from lab.workloads import CONTROL, TRADING, apply
from tests.support import kubeconfigs, pods
from tests.support.helm import helm, listed
from tests.support.project import STACK, Project

pytestmark = pytest.mark.usefixtures("mesh")

PROFILE = {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"cpu": "500m", "memory": "256Mi"}}
SIDECAR = {"requests": {"cpu": "50m", "memory": "128Mi"}, "limits": {"cpu": "200m", "memory": "256Mi"}}
APPS = ("istiod", "istio-ingressgateway", "istio-egressgateway")


@pytest.fixture(scope="module")
def injected() -> dict[str, dict]:
    """Return the containers of a pod of the trading namespace, as the API server would make it."""
    return pods.containers(pods.injected(pods.pod(TRADING, "probe", pods.idle())))


@pytest.mark.parametrize("app", APPS)
def test_the_live_pods_carry_exactly_the_profiles_numbers(app):
    (pod,) = staying_pods(CONTROL, f"app={app}")
    (container,) = pod["spec"]["containers"]
    assert container["resources"] == PROFILE
    assert all(status["ready"] for status in pod["status"]["containerStatuses"])


def test_every_release_is_deployed():
    assert listed("status") == dict.fromkeys(("istio-base", *APPS), "deployed")


def test_strict_holds_for_the_whole_mesh():
    (policy,) = get("peerauthentications.security.istio.io", f"--namespace={CONTROL}")["items"]
    assert policy["spec"] == {"mtls": {"mode": "STRICT"}}


def test_a_pod_in_trading_comes_out_with_a_sidecar_of_the_roles_size(injected):
    assert injected["istio-proxy"]["resources"] == SIDECAR


def test_a_container_that_names_no_resources_gets_the_defaults(injected):
    defaults = {"requests": {"cpu": "50m", "memory": "128Mi"}, "limits": {"cpu": "500m", "memory": "256Mi"}}
    assert injected[pods.APP]["resources"] == defaults


def test_a_pod_with_its_sidecar_runs_within_the_quota():
    apply([pods.fortio(TRADING, "probe")])
    try:
        pods.wait_ready(TRADING, "probe")
        used = get("resourcequota", "workloads", "--namespace=trading")["status"]["used"]
        assert (used["pods"], used["requests.cpu"], used["limits.memory"]) == ("1", "100m", "512Mi")
    finally:
        kubectl("delete", "pod", "probe", "--namespace=trading")


@pytest.mark.row(44)
def test_a_second_up_changes_nothing(mesh):
    before = helm("list", "--output", "json")
    mesh.must_up("--expect-no-changes")
    assert helm("list", "--output", "json") == before


def test_the_diff_of_one_value_is_that_value_and_one_line_of_the_record(mesh):
    mesh.set("proxy.drainSeconds", 21)
    shown = [line.strip() for line in mesh.preview("--diff").must().output.splitlines()]
    mesh.reset()
    values = [
        line for line in shown if line.startswith(("~ ", "+ ", "- ")) and not line.endswith("{") and ": (" not in line
    ]
    assert values[0] == '~ terminationDrainDuration: "5s" => "21s"'
    assert [line.partition(":")[0] for line in values[1:]] == ["~ istio-system_istiod", "~ 2 to update"]


@pytest.mark.parametrize("switch", ["ingress", "egress"])
def test_a_gateway_is_switched_off_and_on_again(mesh, switch):
    app = f"istio-{switch}gateway"
    mesh.set(f"{switch}.enabled", False)
    mesh.must_up()
    assert not get("deployments,services,serviceaccounts", f"--namespace={CONTROL}", f"--selector=app={app}")["items"]
    mesh.must_be_unchanged()
    mesh.set(f"{switch}.enabled", True)
    mesh.must_up()
    (pod,) = staying_pods(CONTROL, f"app={app}")
    assert pod["status"]["containerStatuses"][0]["ready"]
    mesh.must_be_unchanged()


@pytest.mark.row(15)
def test_a_preview_without_a_cluster_goes_on_and_says_what_it_could_not_check(mesh, tmp_path):
    file = kubeconfigs.edited(tmp_path / "kubeconfig", server=kubeconfigs.NOWHERE)
    with mesh.with_variables(KUBECONFIG=str(file)):
        assert "does not answer" in mesh.preview().must().line_with("Preflight not done")
        assert "nothing was touched" in mesh.up().refused("does not answer")


@pytest.mark.row(17)
def test_another_current_context_is_refused(mesh, tmp_path):
    file = kubeconfigs.edited(tmp_path / "kubeconfig", context="production")
    with mesh.with_variables(KUBECONFIG=str(file)):
        assert "current context is 'production'" in mesh.up().refused("cluster.context is 'lab'")


ANOTHER = "0a1b2c3d-0000-4000-8000-000000000002"  # a UID that no cluster has


def cluster_uid() -> str:
    return get("namespace", "kube-system")["metadata"]["uid"]


def marks() -> dict[str, tuple]:
    """Both namespaces and the releases' revisions: the same before and after, when nothing was touched."""
    namespaces = {name: get("namespace", name)["metadata"] for name in ("istio-system", "trading")}
    secrets = get("secrets", "--namespace=istio-system", "--selector=owner=helm")["items"]
    releases = tuple(sorted(secret["metadata"]["name"] for secret in secrets))
    marked = {name: (meta["uid"], meta["resourceVersion"], meta["annotations"]) for name, meta in namespaces.items()}
    return {**marked, "releases": releases}


@pytest.fixture
def elsewhere(mesh: Project, tmp_path: Path) -> Iterator[Callable[..., Project]]:
    """Yield `elsewhere(edit)`: the stack's name in another backend; `edit` derives its state from the mesh's."""
    known = mesh.holds

    def made(edit: Callable[[str], str] | None = None) -> Project:
        state = mesh.pulumi("stack", "export").must().output if edit else ""
        mesh.more["PULUMI_BACKEND_URL"] = f"file://{tmp_path}"
        mesh.run("pulumi", "stack", "select", STACK, "--create").must()
        if edit:
            file = tmp_path / "state.json"
            file.write_text(edit(state))
            mesh.pulumi("stack", "import", "--file", str(file)).must()
        return mesh

    yield made
    mesh.more.pop("PULUMI_BACKEND_URL", None)
    mesh.holds = known


def test_a_stack_of_the_same_name_from_another_backend_is_refused_and_touches_nothing(elsewhere):
    before = marks()
    refused = elsewhere().up()
    for name in ("istio-system", "trading"):
        assert "belongs to a stack pi-mesh/lab with another state" in refused.refused(f"namespace {name}:")
    assert "pulumi stack import" in refused.line_with("release istio-system/istiod: is installed, but not in the state")
    assert marks() == before


def test_a_state_that_moved_to_another_backend_goes_on(elsewhere):
    before = marks()
    moved = elsewhere(str)
    moved.must_be_unchanged()
    moved.operation("preflight").must()
    assert marks() == before


def test_a_state_of_another_cluster_is_refused_and_so_are_the_operations(elsewhere):
    before = marks()
    stale = elsewhere(lambda state: state.replace(cluster_uid(), ANOTHER))
    assert f"last applied to {ANOTHER}; nothing was touched" in stale.up().refused("leads to another cluster")
    for operation in (("preflight",), ("repair", "--yes")):
        assert stale.operation(*operation).status == 3
    # The refusal changes no state, and a rebuilt cluster can be named.
    assert stale.outputs()["cluster"]["uid"] == ANOTHER
    stale.set("cluster.uid", cluster_uid())
    rebuilt = stale.preview().must()
    assert "destroy-guard update" in rebuilt.output
    assert "1 to update" in rebuilt.line_with("to update")
    stale.reset()
    assert marks() == before


def test_of_two_kubeconfigs_with_equal_names_the_first_counts_as_for_kubectl(mesh, tmp_path, monkeypatch):
    other = kubeconfigs.edited(tmp_path / "other", server=kubeconfigs.NOWHERE)
    for files, status in ((f"{KUBECONFIG}:{other}", 0), (f"{other}:{KUBECONFIG}", 3)):
        monkeypatch.setitem(mesh.more, "KUBECONFIG", files)
        assert (mesh.run("kubectl", "get", "namespace", "trading").status == 0) == (status == 0)
        assert mesh.operation("preflight").status == status
