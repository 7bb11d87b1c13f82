"""The marker in the state whose deletion cleans up after a destroy."""

from typing import Any

import pytest

from components.uninstall import UninstallArgs, UninstallProvider, uninstall
from pi_mesh.cluster.errors import WrongCluster
from tests.support.factories import make_mesh


class Client:
    """A cluster with the UID `this-one` and no releases."""

    def __init__(self, _context: str) -> None:
        pass

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def get(self, _path: str) -> dict:
        return {"metadata": {"uid": "this-one"}}

    def items(self, *_: object, **__: str) -> list:
        return []


@pytest.fixture
def cleaned(monkeypatch) -> list[str]:
    """What was cleaned up."""
    done: list[str] = []
    monkeypatch.setattr(uninstall, "UninstallClient", Client)
    monkeypatch.setattr(uninstall, "root_certificates", lambda _: done.append("roots"))
    monkeypatch.setattr(uninstall, "crds", lambda *_: done.append("crds"))
    return done


def props(**more: object) -> dict[str, Any]:
    kept = {"context": "default", "namespace": "istio-system", "release": "istio-base", "releases": []}
    return {**kept, "crds": True, "root_certificates": True, **more}


def test_the_stacks_own_cluster_is_cleaned_up(cleaned):
    UninstallProvider().delete("id", props(cluster="this-one"))
    assert cleaned == ["roots", "crds"]


def test_another_cluster_under_the_same_context_is_not(cleaned):
    with pytest.raises(WrongCluster, match="leads to another cluster"):
        UninstallProvider().delete("id", props(cluster="another"))
    assert cleaned == []


def test_a_state_of_the_version_before_is_cleaned_up_as_it_was(cleaned):
    UninstallProvider().delete("id", props())
    assert cleaned == ["roots", "crds"]


def test_the_marker_keeps_the_clusters_uid():
    assert UninstallArgs.of(make_mesh(), "this-one").cluster == "this-one"
