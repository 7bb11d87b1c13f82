"""Further images for the nodes of a running lab."""

from contextlib import nullcontext
from pathlib import Path

import pytest

from lab.cluster import node_images
from lab.cluster.machines import NODES, Machine
from lab.cluster.shell import LabError
from lab.toolchain.istio_parts import CONTROL_PLANES, ISTIO
from tests.support.findings import case, table
from tests.support.versions import SHIPPED

ONES = f"there are {', '.join(CONTROL_PLANES)}"
OLDER = [*CONTROL_PLANES][1]


@pytest.fixture
def imported(monkeypatch) -> list[tuple[str, str]]:
    """Return the node and archive of each import, on a lab that is up."""
    imports: list[tuple[str, str]] = []
    monkeypatch.setattr(node_images.state, "is_up", lambda **_: True)

    def note(machine: Machine, tars: list[Path]) -> None:
        imports.extend((machine.name, tar.name) for tar in tars)

    monkeypatch.setattr(node_images.node, "import_images", note)
    return imports


@pytest.fixture
def built(monkeypatch) -> list[str]:
    """Return the names of the parts that were built."""
    parts: list[str] = []
    monkeypatch.setattr(node_images.programs, "ensure", parts.extend)
    return parts


def test_an_archive_that_is_not_there_is_named_before_any_import(imported, tmp_path):
    (tmp_path / "pilot.tar").touch()
    with pytest.raises(LabError, match=r"no image archive .*/proxyv2\.tar"):
        node_images.load([tmp_path / "pilot.tar", tmp_path / "proxyv2.tar"])
    assert imported == []


@table(
    case("a version that cannot be built: those that can", SHIPPED, True, f"Istio {SHIPPED} can be built here; {ONES}"),
    case("without a lab", OLDER, False, "make lab-up"),
    case("the version that the lab starts with needs no import", ISTIO, True, ""),
)
def test_nothing_is_built(imported, built, monkeypatch, version, is_up, says):
    monkeypatch.setattr(node_images.state, "is_up", lambda **_: is_up)
    with pytest.raises(LabError, match=says) if says else nullcontext():
        node_images.load_istio(version)
    assert (imported, built) == ([], [])


def test_an_older_version_is_built_and_given_to_the_nodes(imported, built, monkeypatch, tmp_path):
    (tmp_path / "pilot.tar").touch()
    tars = [("pilot", tmp_path / "pilot.tar")]
    monkeypatch.setattr(node_images.images, "istio_tars", lambda version: tars if version == OLDER else [])
    node_images.load_istio(OLDER)
    assert built == [CONTROL_PLANES[OLDER].name]
    assert {machine for machine, _ in imported} == {machine.name for machine in NODES}
