"""The compared objects of a release."""

import subprocess
from pathlib import Path

import pytest
import yaml

from operations.preview import rendered
from operations.preview.engine_result import Intent, Resource

RELEASE = "kubernetes:helm.sh/v3:Release"
INPUTS = {
    "name": "istiod",
    "chart": "istiod",
    "version": "1.20.3",
    "namespace": "istio-system",
    "repositoryOpts": {"repo": "https://charts.example"},
    "values": {"replicas": 1.0, "sampling": 0.5, "on": True},
}


@pytest.fixture
def helm(monkeypatch):
    """Return the arguments of helm, and the values that it read."""
    calls = []

    def run(command, **_):
        calls.append((command[:-1], yaml.safe_load(Path(command[-1]).read_text())))
        return subprocess.CompletedProcess(command, 0, stdout="kind: A\nmetadata: {name: x, namespace: y}\n", stderr="")

    monkeypatch.setattr(subprocess, "run", run)
    return calls


def objects(**inputs: object) -> rendered.Objects:
    return rendered.objects(Intent({"urn": Resource(RELEASE, "istiod-release", {**INPUTS, **inputs})}, {}), Path())


def test_helm_gets_the_releases_name_chart_version_and_repository(helm):
    assert list(objects()) == ["A y/x"]
    ((command, _),) = helm
    source = ["--version", "1.20.3", "--repo", "https://charts.example"]
    place = ["--namespace", "istio-system", "--include-crds"]
    assert command == ["helm", "template", "istiod", "istiod", *place, *source, "--values"]


def test_a_packaged_chart_needs_no_version(helm):
    objects(chart="charts/istiod-1.20.3.tgz", repositoryOpts={})
    assert "--version" not in helm[0][0]


def test_whole_numbers_come_out_as_they_went_in(helm):
    objects()
    assert yaml.safe_dump(helm[0][1]) == "'on': true\nreplicas: 1\nsampling: 0.5\n"


def test_a_chart_that_cannot_be_rendered_is_named(monkeypatch):
    failed = subprocess.CompletedProcess([], 1, stdout="", stderr="Error: no repo\n")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: failed)
    with pytest.raises(rendered.NotRenderedError, match="helm template istiod istiod: Error: no repo"):
        objects()


def test_a_machine_without_helm_is_told(monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(rendered.NotRenderedError, match="helm is not on PATH"):
        objects()


def test_what_is_no_kubernetes_object_is_left_out():
    other = Resource("vault:index/mount:Mount", "pki", {"kind": "pki"})
    assert rendered.objects(Intent({"urn": other}, {}), Path()) == {}


def test_a_text_with_tabs_and_blanks_at_line_ends_is_still_compared_line_by_line():
    config = {"kind": "ConfigMap", "metadata": {"name": "istio"}, "data": {"values": "one: 1  \ntwo:\t2 é\n"}}
    side = Intent({"urn": Resource("kubernetes:core/v1:ConfigMap", "istio", config)}, {})
    assert "\n    one: 1\n    two:    2 é\n" in rendered.objects(side, Path())["ConfigMap istio"]


def test_plain_objects_of_the_program_are_compared_too():
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "trading"}}
    side = Intent({"urn": Resource("kubernetes:core/v1:Namespace", "trading", namespace)}, {})
    assert list(rendered.objects(side, Path())) == ["Namespace trading"]


def test_a_secret_shows_its_keys_only():
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "cacerts"},
        "stringData": {"ca-key.pem": "MHc"},
    }
    text = rendered.objects(Intent({"urn": Resource("kubernetes:core/v1:Secret", "c", secret)}, {}), Path())[
        "Secret cacerts"
    ]
    assert "ca-key.pem: '[secret]'" in text
    assert "MHc" not in text


def test_quotation_marks_and_comments_are_no_change(monkeypatch):
    release = Intent({"urn": Resource(RELEASE, "istiod", {"chart": "istiod.tgz"})}, {})
    texts = iter(['# one\nkind: A\nmetadata: {name: x}\nb: "1.2.3"\n---\n', "b: 1.2.3\nkind: A\nmetadata: {name: x}\n"])
    monkeypatch.setattr(rendered, "_output", lambda *_: next(texts))
    first, second = (rendered.objects(release, Path()) for _ in range(2))
    assert first == second == {"A x": "b: 1.2.3\nkind: A\nmetadata:\n  name: x\n"}
