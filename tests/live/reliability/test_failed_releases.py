"""Charts that never get ready, releases that fail, releases that are gone."""

import pytest

from lab.cluster.kubectl import get, kubectl
from tests.live.reliability.looking import releases, revisions
from tests.support.helm import helm
from tests.support.project import Project

pytestmark = pytest.mark.long
NOWHERE = "docker.io/nobody"
"""Images that no node has, and none can pull."""


def break_istiod(project: Project, atomic: bool) -> None:
    project.set("images.hub", NOWHERE)
    project.set("release.timeout", 30)
    project.set("release.atomic", atomic)


@pytest.mark.row(1)
def test_with_atomic_a_failed_install_leaves_no_release_and_the_next_up_starts_clean(empty, told):
    break_istiod(empty, atomic=True)
    failed = empty.up()
    assert failed.status != 0
    assert "istiod" not in releases()
    empty.reset()
    empty.must_up()
    empty.operation("verify").must()
    told(failed.status, failed.line_with("error:"), "putting the setting right, then `pulumi up`")


@pytest.mark.row(2)
@pytest.mark.row(3)
def test_without_atomic_it_stays_failed_and_no_refresh_hides_it(empty, told):
    break_istiod(empty, atomic=False)
    failed = empty.up()
    assert failed.status != 0
    assert releases()["istiod"] == "failed"
    empty.pulumi("refresh", "--yes", "--skip-preview").must()
    verified = empty.operation("verify")
    assert verified.status == 1
    line = verified.line_with("is failed")
    found = empty.operation("repair")
    assert "takes failed releases for successful ones: istio-system/istiod" in found.output
    empty.operation("repair", "--yes").must()
    empty.reset()
    empty.must_up()
    empty.operation("verify").must()
    told(verified.status, line, "`python -m operations repair -s STACK --yes` where a refresh hid it, then `pulumi up`")


def test_a_cluster_without_the_mesh_is_one_finding(empty):
    verified = empty.operation("verify")
    assert verified.status == 1
    assert "the mesh is not installed" in verified.output
    assert verified.output.splitlines()[-1].endswith("(1 error)")


@pytest.mark.row(10)
def test_a_release_deleted_by_hand_is_missed_and_comes_back(whole, told):
    helm("uninstall", "istio-egressgateway", "--wait")
    verified = whole.operation("verify")
    assert verified.status == 1
    whole.must_up("--refresh")
    whole.operation("verify").must()
    helm("uninstall", "istio-egressgateway", "--wait")
    whole.destroy("--refresh").must()
    told(verified.status, "release istio-system/istio-egressgateway: is not there", "`pulumi up --refresh`")


@pytest.mark.row(11)
def test_a_deleted_deployment_is_seen_and_the_named_command_restores_it(whole, told):
    kubectl("delete", "deployment", "istiod", "--namespace=istio-system")
    whole.preview("--expect-no-changes").must()
    verified = whole.operation("verify")
    assert verified.status == 1
    helm("rollback", "istiod", str(revisions()["istiod"]), "--wait")
    whole.operation("verify").must()
    told(verified.status, "deployment istio-system/istiod: is missing, although Helm has it", "`helm rollback`")


@pytest.mark.row(11)
def test_an_edited_limit_is_seen(whole, told):
    patch = '[{"op":"replace","path":"/spec/template/spec/containers/0/resources/limits/cpu","value":"900m"}]'
    kubectl("patch", "deployment", "istiod", "--namespace=istio-system", "--type=json", f"--patch={patch}")
    verified = whole.operation("verify")
    assert verified.status == 1
    assert "900m" in verified.output
    helm("rollback", "istiod", str(revisions()["istiod"]), "--wait")
    told(verified.status, "was changed: resources.limits.cpu: '900m', not '500m'", "`helm rollback`")


@pytest.mark.row(20)
def test_up_heals_a_mesh_whose_istiod_is_down_and_whose_webhook_is_closed(whole, told):
    kubectl("scale", "deployment", "istiod", "--replicas=0", "--namespace=istio-system")
    hooks = get("validatingwebhookconfiguration", "istio-validator-istio-system")["webhooks"]
    assert {hook["failurePolicy"] for hook in hooks} == {"Fail"}
    verified = whole.operation("verify")
    assert verified.status == 1
    whole.set("istio.resources.requests", {"cpu": "110m", "memory": "128Mi"})
    whole.set("istio.resources.limits", {"cpu": "500m", "memory": "256Mi"})
    whole.set("mtls.mode", "PERMISSIVE")
    whole.must_up()
    whole.operation("verify").must()
    told(verified.status, "deployment istio-system/istiod: 0 of 0 pods are ready", "`pulumi up` with a change, or Helm")
