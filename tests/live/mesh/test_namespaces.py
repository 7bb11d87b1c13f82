"""An existing namespace: refused, or adopted and left unchanged."""

from collections.abc import Iterator

import pytest

from lab.cluster.kubectl import get, kubectl
from tests.support.project import Project

SECTIONS = {"istio-system": "istio", "trading": "trading"}
"""Each of the mesh's namespaces with its section of the settings."""


@pytest.fixture
def others(nothing: Project) -> Iterator[Project]:
    """Destroy the mesh, and create foreign namespaces under both names, each with some content."""
    for name in SECTIONS:
        kubectl("create", "namespace", name)
        kubectl("label", "namespace", name, "team=others")
        kubectl("create", "configmap", "theirs", f"--namespace={name}")
    yield nothing
    kubectl("delete", "namespace", *SECTIONS)


@pytest.mark.row(14)
def test_it_is_refused_before_anything_is_touched(others):
    refused = others.up()
    assert refused.status != 0
    assert "istio-base" not in refused.output
    for name, section in SECTIONS.items():
        assert f"set {section}.adopt: true" in refused.line_with(f"namespace {name}:")
        assert not get("namespace", name)["metadata"].get("annotations", {}).get("pi-mesh/stack")


def must_refuse_to_drop_adopt(others: Project) -> None:
    """Assert that dropping `adopt` is refused, before a destroy and after it.

    Without the setting, the next destroy would delete the content of the namespaces.
    """
    others.reset()
    refused = others.preview()
    assert refused.status != 0
    for name, section in SECTIONS.items():
        assert f"set {section}.adopt: true" in refused.line_with(f"namespace {name}: is marked as adopted by")


def test_adopted_it_keeps_what_is_in_it_and_stays_at_destroy(others):
    for section in SECTIONS.values():
        others.set(f"{section}.adopt", True)
    others.must_up()
    assert {get("namespace", name)["metadata"]["labels"]["team"] for name in SECTIONS} == {"others"}
    others.preview("--expect-no-changes").must()
    must_refuse_to_drop_adopt(others)
    for section in SECTIONS.values():
        others.set(f"{section}.adopt", True)
    others.destroy().must()
    must_refuse_to_drop_adopt(others)
    for name in SECTIONS:
        assert get("configmap", "theirs", f"--namespace={name}")["metadata"]["name"] == "theirs"
        assert get("namespace", name)["metadata"]["labels"]["team"] == "others"
