"""Charts from a lock: fetched once, reviewed by their sums, and installed from the same hashed files."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.workloads import CONTROL
from tests.live.versions import LAB
from tests.support import pods
from tests.support.chart_servers import ChartServer, package, serving
from tests.support.helm import helm
from tests.support.project import Project

CHARTS = ("base", "istiod", "gateway")


@pytest.fixture
def server(alone: Project) -> Iterator[ChartServer]:
    """Yield a registry on loopback with the lab's charts, from which the stack lab has locked its own."""
    alone.must_hold_the_shipped_mesh()
    with serving() as server:
        for chart in CHARTS:
            server.charts[chart, LAB] = (alone.folder / ".lab" / "charts" / f"{chart}-{LAB}.tgz").read_bytes()
        alone.set("charts.source", server.registry)
        alone.operation("charts", "lock").must()
        yield server
    for kept in ("charts.lock.yaml", "charts"):
        path = alone.folder / kept
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def another_checkout(project: Project, folder: Path) -> Project:
    """Return a second folder with the same stack file, lock and charts."""
    other = Project(folder)
    for name in ("Pulumi.lab.yaml", "charts.lock.yaml"):
        shutil.copy(project.folder / name, folder / name)
    shutil.copytree(project.folder / "charts", folder / "charts")
    return other


def test_the_locked_files_are_installed_in_any_checkout_and_no_others(server, alone, tmp_path, figure):
    before = pods.uids(CONTROL)
    server.asked.clear()
    alone.must_up()
    assert server.asked == []
    assert pods.uids(CONTROL) == before
    istiod = alone.folder / "charts" / f"istiod-{LAB}.tgz"
    assert "chart sha256:" in helm("history", "istiod", "--max=1")
    # The state knows files by relative paths: elsewhere nothing differs.
    another_checkout(alone, tmp_path / "second").must_be_unchanged()
    istiod.write_bytes(package(tmp_path, "istiod", LAB, "tampered"))
    line = alone.preview().refused(f"istiod-{LAB}.tgz has the sha256")
    server.charts["istiod", LAB] = istiod.read_bytes()
    changed = alone.operation("charts", "vendor")
    assert changed.status == 1
    assert "has sha256" in changed.output
    figure(f"no pod made anew, no request to the registry, a second checkout unchanged; tampered: {line.strip()}")
