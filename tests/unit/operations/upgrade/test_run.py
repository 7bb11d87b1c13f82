"""The CRDs of charts before 1.24, which Helm never upgrades."""

import tarfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from operations.command_line import Consent
from operations.upgrade import run
from operations.upgrade.steps import UpgradeState
from pi_mesh.catalog.istio import facts_of
from pi_mesh.checks.finding import Level
from pi_mesh.inventory import Kind, Release
from tests.support import charts
from tests.support.factories import make_mesh
from tests.support.fake_client import FakeClient
from tests.support.files import write_files
from tests.support.helm_mesh import situation
from tests.support.upgrading import newest_patch
from tests.support.versions import OLDEST_MINOR

VERSION = newest_patch(OLDEST_MINOR + 1)
"""A version whose base chart has its CRDs in a folder."""
NAMES = ("gateways.networking.istio.io", "telemetries.telemetry.istio.io")


def crd(name: str, versions: list[str]) -> dict:
    spec = {"group": name.partition(".")[2], "versions": [{"name": version} for version in versions]}
    meta = {"name": name, "labels": {"app": "istio-pilot"}}
    return {"kind": "CustomResourceDefinition", "metadata": meta, "spec": spec}


class Cluster(FakeClient):
    """The CRDs of a cluster, as its API server keeps them."""

    def __init__(self, *crds: dict) -> None:
        super().__init__()
        self.crds = {crd["metadata"]["name"]: crd for crd in crds}

    def get(self, path: str, *_: object, **__: str) -> dict | None:
        crd = self.crds.get(path.rpartition("/")[2])
        return crd and {**crd, "metadata": {**crd["metadata"], "resourceVersion": str(crd["spec"])}}

    def create(self, _path: str, body: Mapping) -> None:
        self.crds[body["metadata"]["name"]] = dict(body)

    def patch(self, path: str, body: Mapping) -> dict | None:
        self.crds[path.rpartition("/")[2]]["spec"] = body["spec"]
        return self.get(path)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Return a folder with the packaged base chart, which has two CRDs beside a template."""
    crds = yaml.safe_dump_all([crd(name, ["v1beta1", "v1"]) for name in NAMES])
    about = yaml.safe_dump({"name": "base", "version": VERSION})
    files = {"Chart.yaml": about, "crds/crd-all.gen.yaml": crds, "templates/crds.yaml": "{{ not: yaml }}"}
    write_files(tmp_path / "base", files)
    with tarfile.open(tmp_path / f"base-{VERSION}.tgz", "w:gz") as chart:
        chart.add(tmp_path / "base", "base")
    return tmp_path


def base(source: Path) -> Release:
    return make_mesh(istio={"version": VERSION}, charts={"source": str(source)}).the(Kind.BASE)


def test_missing_crds_are_made_and_older_ones_get_the_specs_of_the_chart(monkeypatch, source):
    cluster = Cluster(crd(NAMES[0], ["v1beta1"]))
    monkeypatch.setattr(run, "Client", cluster)
    done = run.apply_crds("test", base(source))
    assert (done.level, done.message) == (Level.OK, "2 CRDs are of this version, 2 changed")
    assert [cluster.crds[name]["spec"] for name in NAMES] == [crd(name, ["v1beta1", "v1"])["spec"] for name in NAMES]
    assert run.apply_crds("test", base(source)).message == "2 CRDs are of this version, 0 changed"


@pytest.mark.parametrize(("chart", "sum", "says"), [
    pytest.param("missing", "", f"can't be read for its CRDs: missing/base-{VERSION}.tgz", id="without the chart"),
    pytest.param("", "0" * 64, f"charts.lock.yaml has {'0' * 64}", id="with another sum than the locked one"),
])  # fmt: skip
def test_a_chart_that_is_not_the_locked_one_changes_nothing_and_is_one_line(monkeypatch, source, chart, sum, says):
    cluster = Cluster()
    monkeypatch.setattr(run, "Client", cluster)
    done = run.apply_crds("test", replace(base(Path(chart or source)), sha256=sum))
    assert (done.level, cluster.crds, says in done.message) == (Level.ERROR, {}, True)
    assert "\n" not in done.message


@pytest.mark.parametrize("stack", ["pi-cluster", "org/pi-mesh/pi-cluster"])
def test_the_end_names_the_stack_file_by_the_plain_name_of_the_stack(stack):
    now = UpgradeState(replace(situation(), stack=stack), VERSION, versions=(), begun=True)
    (end,) = run.carry_out_upgrade(now, judged=False, wait=1, consent=Consent("upgrade", yes=True))
    assert "in Pulumi.pi-cluster.yaml says: commit that file" in end.message


@pytest.mark.parametrize("version", charts.each())
def test_charts_that_carry_their_crds_as_templates_have_none_to_bring(version):
    release = make_mesh(istio={"version": version}, charts={"source": str(charts.folder())}).the(Kind.BASE)
    assert bool(run.chart_crds(release)) != facts_of(version).crds_are_templates
