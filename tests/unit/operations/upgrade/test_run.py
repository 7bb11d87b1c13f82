"""The CRDs of charts before 1.24, which Helm never upgrades."""

import io
import tarfile
from pathlib import Path

import pytest
import yaml

from operations.upgrade import run
from pi_mesh.catalog.istio import facts_of
from pi_mesh.checks.finding import Level
from pi_mesh.inventory import Kind, Release
from tests.support import charts
from tests.support.factories import make_mesh

NAMES = ("gateways.networking.istio.io", "telemetries.telemetry.istio.io")


def crd(name: str, versions: list[str]) -> dict:
    spec = {"group": name.partition(".")[2], "versions": [{"name": version} for version in versions]}
    return {
        "kind": "CustomResourceDefinition",
        "metadata": {"name": name, "labels": {"app": "istio-pilot"}},
        "spec": spec,
    }


class Cluster:
    """The CRDs of a cluster, as its API server keeps them."""

    def __init__(self, *crds: dict) -> None:
        self.crds = {each["metadata"]["name"]: each for each in crds}

    def __call__(self, _context: str) -> "Cluster":
        return self

    def __enter__(self) -> "Cluster":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def get(self, path: str) -> dict | None:
        found = self.crds.get(path.rpartition("/")[2])
        return found and {**found, "metadata": {**found["metadata"], "resourceVersion": str(found["spec"])}}

    def create(self, _path: str, body: dict) -> None:
        self.crds[body["metadata"]["name"]] = body

    def patch(self, path: str, body: dict) -> dict | None:
        self.crds[path.rpartition("/")[2]]["spec"] = body["spec"]
        return self.get(path)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Return a folder with the packaged base chart, which has two CRDs beside a template."""
    texts = {"crds/crd-all.gen.yaml": yaml.safe_dump_all([crd(name, ["v1beta1", "v1"]) for name in NAMES])}
    with tarfile.open(tmp_path / "base-1.21.6.tgz", "w:gz") as chart:
        for name, text in {**texts, "templates/crds.yaml": "{{ not: yaml }}"}.items():
            entry = tarfile.TarInfo(f"base/{name}")
            entry.size = len(text.encode())
            chart.addfile(entry, io.BytesIO(text.encode()))
    return tmp_path


def base(source: Path) -> Release:
    return make_mesh(istio={"version": "1.21.6"}, charts={"source": str(source)}).the(Kind.BASE)


def test_missing_crds_are_made_and_older_ones_get_the_specs_of_the_chart(monkeypatch, source):
    cluster = Cluster(crd(NAMES[0], ["v1beta1"]))
    monkeypatch.setattr(run, "Client", cluster)
    found = run.apply_crds("test", base(source))
    assert (found.level, found.message) == (Level.OK, "2 CRDs are of this version, 2 changed")
    assert {name: each["spec"] for name, each in cluster.crds.items()} == {
        name: crd(name, ["v1beta1", "v1"])["spec"] for name in NAMES
    }
    assert run.apply_crds("test", base(source)).message == "2 CRDs are of this version, 0 changed"


def test_without_the_chart_nothing_is_changed_and_it_is_one_line(monkeypatch, tmp_path):
    cluster = Cluster()
    monkeypatch.setattr(run, "Client", cluster)
    found = run.apply_crds("test", base(tmp_path))
    assert (found.level, cluster.crds) == (Level.ERROR, {})
    assert found.message.startswith(f"can't be read for its CRDs: {tmp_path}/base-1.21.6.tgz")
    assert "\n" not in found.message


@pytest.mark.parametrize("version", charts.each())
def test_charts_that_carry_their_crds_as_templates_have_none_to_bring(version):
    release = make_mesh(istio={"version": version}, charts={"source": str(charts.folder())}).the(Kind.BASE)
    assert bool(run.chart_crds(release)) != facts_of(version).crds_are_templates
