"""The CRDs of charts before 1.24, which Helm never upgrades."""

import os
from pathlib import Path

import pytest
import yaml

from operations.upgrade import crd_files
from pi_mesh.checks.finding import Level
from pi_mesh.inventory import Kind, Release
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
def chart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A command `helm` that writes down what it is asked, and shows two CRDs."""
    shown = yaml.safe_dump_all([crd(name, ["v1beta1", "v1"]) for name in NAMES])
    (tmp_path / "crds").write_text(shown)
    (tmp_path / "helm").write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/asked; cat {tmp_path}/crds\n')
    (tmp_path / "helm").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/usr/bin{os.pathsep}/bin")
    return tmp_path


def base(source: str = "charts") -> Release:
    return make_mesh(istio={"version": "1.21.6"}, charts={"source": source}).the(Kind.BASE)


@pytest.mark.usefixtures("chart")
def test_missing_crds_are_made_and_older_ones_get_the_specs_of_the_chart(monkeypatch):
    cluster = Cluster(crd(NAMES[0], ["v1beta1"]))
    monkeypatch.setattr(crd_files, "Client", cluster)
    found = crd_files.upgrade("test", base())
    assert (found.level, found.message) == (Level.OK, "2 CRDs are of this version, 2 changed")
    assert {name: each["spec"] for name, each in cluster.crds.items()} == {
        name: crd(name, ["v1beta1", "v1"])["spec"] for name in NAMES
    }
    assert crd_files.upgrade("test", base()).message == "2 CRDs are of this version, 0 changed"


@pytest.mark.parametrize(
    ("source", "asked"),
    [
        ("charts", "show crds charts/base-1.21.6.tgz"),
        ("oci://registry.example/charts", "show crds oci://registry.example/charts/base --version 1.21.6"),
        ("https://charts.example", "show crds base --repo https://charts.example --version 1.21.6"),
    ],
)
def test_the_chart_comes_from_where_the_release_has_it(monkeypatch, chart, source, asked):
    monkeypatch.setattr(crd_files, "Client", Cluster())
    crd_files.upgrade("test", base(source))
    assert (chart / "asked").read_text().strip() == asked


@pytest.mark.parametrize("script", ["", "#!/bin/sh\necho 'Error: no such chart' >&2; exit 1\n"])
def test_without_helm_or_the_chart_nothing_is_changed_and_it_is_one_line(monkeypatch, chart, script):
    if script:
        (chart / "helm").write_text(script)
    else:
        (chart / "helm").unlink()
    cluster = Cluster()
    monkeypatch.setattr(crd_files, "Client", cluster)
    found = crd_files.upgrade("test", base())
    assert (found.level, cluster.crds) == (Level.ERROR, {})
    assert ("no such chart" if script else "helm is not on PATH") in found.message
    assert "\n" not in found.message
