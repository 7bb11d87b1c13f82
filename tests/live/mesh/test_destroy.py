"""The rest after a destroy: only documented objects, and with further settings not even those."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.cluster.kubectl import get, kubectl
from lab.cluster.names import CHECKOUT
from lab.workloads import apply
from tests.support import pods
from tests.support.objects import istio_crds
from tests.support.project import Project

KINDS = "clusterroles,clusterrolebindings,validatingwebhookconfigurations,mutatingwebhookconfigurations,namespaces"
CONFIG_MAPS = {"istio-ca-root-cert", "istio-ca-crl"}
ENTRY = {
    "apiVersion": "networking.istio.io/v1",
    "kind": "ServiceEntry",
    "metadata": {"name": "others", "namespace": "default"},
    "spec": {"hosts": ["a.org"], "ports": [{"number": 80, "name": "http", "protocol": "HTTP"}], "resolution": "DNS"},
}


def leftovers() -> set[str]:
    """Return everything of Istio outside of its own namespaces, except for CRDs and istiod's ConfigMaps."""
    names = {f"{one['kind']} {one['metadata']['name']}" for one in get(KINDS)["items"]}
    return {name for name in names if "istio" in name or "trading" in name}


def config_maps() -> set[str]:
    items = get("configmaps", "--all-namespaces")["items"]
    return {one["metadata"]["name"] for one in items if "istio" in one["metadata"]["name"]}


@pytest.mark.row(13)
def test_crds_and_root_certificates_stay_and_the_next_up_takes_them_over(alone):
    alone.must_hold_the_shipped_mesh()
    assert "Istio's CRDs" in alone.destroy().must().output.partition("A destroy leaves in the cluster")[2]
    assert leftovers() == set()
    assert istio_crds()
    assert config_maps() <= CONFIG_MAPS
    alone.must_up()
    alone.must_be_unchanged()


def test_switching_the_sweep_off_again_sweeps_nothing(alone):
    alone.set("destroy", {"crds": True, "rootCertificates": True})
    alone.must_up()
    alone.set("destroy", {"crds": False, "rootCertificates": False})
    alone.must_up()
    assert istio_crds()
    assert config_maps()
    alone.must_be_unchanged()


def test_by_config_they_go_too_unless_others_use_them(alone):
    alone.set("destroy", {"crds": True, "rootCertificates": True})
    alone.must_up()
    apply([ENTRY])
    assert "ServiceEntry default/others" in alone.destroy().refused("destroy.crds: Istio's CRDs stay")
    assert istio_crds()
    kubectl("delete", "serviceentry", "others", "--namespace=default")
    alone.destroy().must()
    assert (istio_crds(), config_maps(), leftovers()) == ([], set(), set())


@pytest.mark.row(43)
def test_a_second_destroy_is_nothing(nothing):
    again = nothing.destroy().must()
    assert not re.search(r"- \d+ deleted", again.output)


@pytest.mark.row(43)
@pytest.mark.long
def test_a_destroy_takes_the_workloads_of_the_trading_namespace_along(alone):
    alone.must_hold_the_shipped_mesh()
    apply([pods.fortio("trading", "probe")])
    pods.wait_ready("trading", "probe")
    alone.destroy().must()
    assert leftovers() == set()
    assert get("pods", "--all-namespaces", "--field-selector=metadata.name=probe")["items"] == []


@pytest.mark.row(43)
@pytest.mark.long
def test_up_and_destroy_ten_times(nothing):
    for _ in range(10):
        nothing.must_up()
        nothing.must_be_unchanged()
        nothing.destroy().must()
        assert leftovers() == set()


BEFORE = "8ce0a51"


@pytest.fixture
def before(tmp_path: Path) -> Iterator[Path]:
    """Yield the checkout of commit 8ce0a51."""
    folder, git = tmp_path / "before", ["git", "-C", CHECKOUT]
    if subprocess.run([*git, "cat-file", "-e", f"{BEFORE}^{{commit}}"], check=False, capture_output=True).returncode:
        pytest.skip(f"this is a shallow clone: it has no commit {BEFORE}")
    subprocess.run([*git, "worktree", "add", "--quiet", "--detach", folder, BEFORE], check=True)
    yield folder
    subprocess.run([*git, "worktree", "remove", "--force", folder], check=True)


def test_a_stack_of_an_earlier_commit_is_updated_without_a_replacement_and_destroyed_with_its_crds(
    nothing: Project, before: Path, tmp_path: Path
):
    earlier = Project(tmp_path / "earlier", before)
    for project in (earlier, nothing):
        project.set("destroy", {"crds": True, "rootCertificates": True})
    earlier.must_up()
    planned = nothing.preview().must().output
    assert "leftovers update" in planned
    assert "`pulumi destroy` of this stack deletes the workloads of others without asking" in planned
    # The new resources are the ConfigMap that says what `up` applied, the guard, the drain, and their provider.
    assert "4 to create" in planned
    assert not [word for word in ("to delete", "to replace") if word in planned], planned
    nothing.must_up()
    nothing.must_be_unchanged()
    nothing.destroy().must()
    assert istio_crds() == []
