"""A namespace that is there already: refused, or taken over and left in peace."""

import pytest

from lab.cluster.kubectl import get, kubectl


@pytest.fixture(params=["trading", "istio-system"])
def others(request):
    """A namespace of somebody else, with something in it."""
    kubectl("create", "namespace", request.param)
    kubectl("label", "namespace", request.param, "team=others")
    kubectl("create", "configmap", "theirs", f"--namespace={request.param}")
    yield request.param
    kubectl("delete", "namespace", request.param)


def section(namespace: str) -> str:
    return "istio" if namespace == "istio-system" else "trading"


@pytest.mark.row(14)
def test_it_is_refused_before_anything_is_touched(project, others):
    refused = project.up()
    assert refused.status != 0
    assert f"set {section(others)}.adopt: true" in refused.line_with(f"namespace {others}:")
    assert not get("namespace", others)["metadata"].get("annotations", {}).get("pi-mesh/stack")
    assert "istio-base" not in refused.output


def test_adopted_it_keeps_what_is_in_it_and_stays_at_destroy(project, others):
    project.set(f"{section(others)}.adopt", True)
    try:
        done = project.up()
        assert done.status == 0, done.output
        labels = get("namespace", others)["metadata"]["labels"]
        assert labels["team"] == "others"
        assert project.preview("--expect-no-changes").status == 0
        assert project.destroy().status == 0
    finally:
        project.reset()
    assert get("configmap", "theirs", f"--namespace={others}")["metadata"]["name"] == "theirs"
    assert get("namespace", others)["metadata"]["labels"]["team"] == "others"
