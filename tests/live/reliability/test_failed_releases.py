"""Charts that never get ready, releases that fail, releases that are gone."""

import pytest

from lab.cluster.kubectl import get, kubectl
from tests.support.helm import helm, releases, revisions
from tests.support.objects import patch
from tests.support.project import LARGER_ISTIOD, Outcome, Project

pytestmark = pytest.mark.long
ISTIOD = ("deployment", "istiod", "--namespace=istio-system")
NO_IMAGES = {"images.hub": "docker.io/nobody", "release.timeout": 30}  # images that no node has, and none can pull


def must_find(project: Project) -> Outcome:
    """Return the outcome of a verification that found errors."""
    verified = project.operation("verify")
    assert verified.status == 1, verified.output
    return verified


@pytest.mark.row(1)
def test_with_atomic_a_failed_install_leaves_no_release_and_the_next_up_starts_clean(empty, told):
    empty.change({**NO_IMAGES, "release.atomic": True})
    failed = empty.up()
    line = failed.refused("error:")
    assert "istiod" not in releases()
    empty.reset()
    empty.must_up()
    empty.operation("verify").must()
    told(failed.status, line, "putting the setting right, then `pulumi up`")


@pytest.mark.row(2)
@pytest.mark.row(3)
def test_without_atomic_it_stays_failed_and_no_refresh_hides_it(empty, told):
    empty.change({**NO_IMAGES, "release.atomic": False})
    assert empty.up().status != 0
    assert releases()["istiod"] == "failed"
    empty.pulumi("refresh", "--yes", "--skip-preview").must()
    verified = must_find(empty)
    line = verified.line_with("is failed")
    shown = empty.operation("repair").output
    assert "takes failed releases for successful ones: istio-system/istiod" in shown
    empty.operation("repair", "--yes").must()
    empty.reset()
    empty.must_up()
    empty.operation("verify").must()
    told(verified.status, line, "`python -m operations repair -s STACK --yes` where a refresh hid it, then `pulumi up`")


def test_a_cluster_without_the_mesh_is_one_finding(empty):
    verified = must_find(empty)
    assert "the mesh is not installed" in verified.output
    assert verified.output.splitlines()[-1].endswith("(1 error)")


@pytest.mark.row(10)
def test_a_release_deleted_by_hand_is_missed_and_comes_back(whole, told):
    helm("uninstall", "istio-egressgateway", "--wait")
    verified = must_find(whole)
    whole.must_up("--refresh")
    whole.operation("verify").must()
    helm("uninstall", "istio-egressgateway", "--wait")
    whole.destroy("--refresh").must()
    told(verified.status, "release istio-system/istio-egressgateway: is not there", "`pulumi up --refresh`")


@pytest.mark.row(11)
def test_a_deleted_deployment_is_seen_and_the_named_command_restores_it(whole, told):
    kubectl("delete", *ISTIOD)
    whole.must_be_unchanged()
    verified = must_find(whole)
    helm("rollback", "istiod", str(revisions()["istiod"]), "--wait")
    whole.operation("verify").must()
    told(verified.status, "deployment istio-system/istiod: is missing, although Helm has it", "`helm rollback`")


@pytest.mark.row(11)
def test_an_edited_limit_is_seen(whole, told):
    limit = "/spec/template/spec/containers/0/resources/limits/cpu"
    patch(ISTIOD, {"op": "replace", "path": limit, "value": "900m"})
    verified = must_find(whole)
    assert "900m" in verified.output
    helm("rollback", "istiod", str(revisions()["istiod"]), "--wait")
    told(verified.status, "was changed: resources.limits.cpu: '900m', not '500m'", "`helm rollback`")


@pytest.mark.row(20)
def test_up_heals_a_mesh_whose_istiod_is_down_and_whose_webhook_is_closed(whole, told):
    kubectl("scale", *ISTIOD, "--replicas=0")
    hooks = get("validatingwebhookconfiguration", "istio-validator-istio-system")["webhooks"]
    assert {hook["failurePolicy"] for hook in hooks} == {"Fail"}
    verified = must_find(whole)
    whole.change({**LARGER_ISTIOD, "mtls.mode": "PERMISSIVE"})
    whole.must_up()
    whole.operation("verify").must()
    told(verified.status, "deployment istio-system/istiod: 0 of 0 pods are ready", "`pulumi up` with a change, or Helm")
