"""The objects of a release, their changes, and the consequences for running pods."""

import json
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from operations.pull_request import manifests
from operations.pull_request.engine import Resource
from operations.pull_request.manifests import Consequences, consequences_for_pods
from pi_mesh.checks.drains import Drain
from tests.support.findings import case, table
from tests.support.versions import BEFORE, NEWEST

VALUES = {"replicas": 1.0, "sampling": 0.5, "on": True, "list": [2.0]}
CHART = {"chart": "istiod", "version": NEWEST, "repositoryOpts": {"repo": "https://charts.example"}}
INPUTS = {"name": "istiod", "namespace": "istio-system", "values": VALUES, **CHART}


def objects(type_: str = "kubernetes:helm.sh/v3:Release", **inputs: object) -> manifests.Objects:
    return manifests.rendered_objects([Resource(type_, "a-name", inputs)], Path())


@pytest.fixture
def helm(monkeypatch):
    """Return the arguments of helm, and the values that it read."""
    calls = []

    def run(command, **_):
        calls.append((command[:-1], yaml.safe_load(Path(command[-1]).read_text())))
        return subprocess.CompletedProcess(command, 0, stdout="kind: A\nmetadata: {name: x, namespace: y}\n", stderr="")

    monkeypatch.setattr(subprocess, "run", run)
    return calls


def test_helm_gets_the_releases_name_chart_version_repository_and_whole_numbers(helm):
    assert list(objects(**INPUTS)) == ["A y/x"]
    ((command, values),) = helm
    asked = "helm template istiod istiod --namespace istio-system --include-crds --version {} --repo {} --values"
    assert command == asked.format(NEWEST, "https://charts.example").split()
    assert yaml.safe_dump(values) == "list:\n- 2\n'on': true\nreplicas: 1\nsampling: 0.5\n"


def test_a_packaged_chart_needs_no_version_and_a_release_without_a_name_has_pulumis(helm):
    objects(chart="charts/istiod.tgz", version=NEWEST)
    asked = "helm template a-name charts/istiod.tgz --namespace default --include-crds --values"
    assert helm[0][0] == asked.split()


def test_a_chart_that_cannot_be_rendered_is_named(monkeypatch):
    failed = subprocess.CompletedProcess([], 1, stdout="", stderr="Error: no repo\n")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: failed)
    with pytest.raises(manifests.NotRenderedError, match="helm template istiod istiod: Error: no repo"):
        objects(**INPUTS)


def test_a_machine_without_helm_is_told(monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(manifests.NotRenderedError, match="helm is not on PATH"):
        objects(**INPUTS)


def test_quotation_marks_and_comments_are_no_change(monkeypatch):
    texts = iter(['# one\nkind: A\nmetadata: {name: x}\nb: "1.2.3"\n---\n', "b: 1.2.3\nkind: A\nmetadata: {name: x}\n"])
    monkeypatch.setattr(manifests, "_rendered_chart", lambda *_: next(texts))
    first, second = (objects(chart="istiod.tgz") for _ in range(2))
    assert first == second == {"A x": "b: 1.2.3\nkind: A\nmetadata:\n  name: x\n"}


@pytest.mark.parametrize(("kind", "content", "says"), [
    pytest.param("ConfigMap", {"data": {"a": "one: 1  \ntwo:\t2 é\n"}}, " one: 1\n    two:    2 é\n", id="tabs"),
    pytest.param("Namespace", {}, "kind: Namespace\n", id="a plain object of the program"),
    pytest.param("Secret", {"stringData": {"key.pem": "MHc"}}, "  key.pem: '[secret]'\n", id="a Secret"),
    pytest.param("Secret", {"data": {"key.pem": "MHc"}}, "  key.pem: '[secret]'\n", id="a Secret hides its data"),
])  # fmt: skip
def test_an_object_of_the_program_is_compared_by_its_text(kind, content, says):
    ((name, text),) = objects(f"kubernetes:core/v1:{kind}", kind=kind, metadata={"name": "x"}, **content).items()
    assert name == f"{kind} x"
    assert says in text
    assert "MHc" not in text


def test_what_is_no_kubernetes_object_is_left_out():
    assert objects("vault:index/mount:Mount", kind="pki") == {}


@pytest.mark.parametrize(("before", "after", "verbs"), [
    ({"a": "1"}, {"a": "1"}, []),
    ({"a": "1"}, {"b": "1"}, ["create", "delete"]),
    ({"a": "1"}, {"a": "2"}, ["update"]),
])  # fmt: skip
def test_what_came_went_or_changed_is_told_apart(before, after, verbs):
    assert [change.verb for change in manifests.changes_between(before, after)] == verbs


def deployment(name: str, replicas: int = 1, annotations: dict | None = None, **spec: object) -> dict[str, str]:
    template = {"metadata": {"annotations": annotations or {}}, "spec": spec}
    return {f"Deployment istio-system/{name}": yaml.safe_dump({"spec": {"template": template, "replicas": replicas}})}


def gateway(**annotations: str) -> dict[str, str]:
    return deployment("gateway", annotations={"inject.istio.io/templates": "gateway", **annotations})


def injector(place: str = "istio-system", templates: str = "", proxy: str = "{}", **values: object) -> dict[str, str]:
    data = {"config": templates, "values": json.dumps({"global": {"istioNamespace": place, **values}})}
    return {
        f"ConfigMap {place}/istio-sidecar-injector": yaml.safe_dump({"data": data}),
        f"ConfigMap {place}/istio": yaml.safe_dump({"data": {"mesh": f"defaultConfig: {proxy}\n"}}),
    }


GATEWAY, ISTIOD = "Deployment istio-system/gateway", "Deployment istio-system/istiod"
MESH, OLD, NEW = ({**gateway(), **injector(**tag)} for tag in ({}, {"tag": BEFORE}, {"tag": NEWEST}))
PLAIN = deployment("gateway")
SIDECARS, SAME = Consequences(has_new_sidecars=True), Consequences()
POLICY = {"kind": "AuthorizationPolicy", "metadata": {"namespace": "trading", "name": "desk"}, "spec": {}}
GUARDED = {**MESH, "AuthorizationPolicy trading/desk": yaml.safe_dump(POLICY)}
SETTLED = MESH | {"ConfigMap istio-system/istio": yaml.safe_dump({"data": {"mesh": "defaultConfig: {}\nx: 1"}})}
DRAIN = Drain(("AuthorizationPolicy trading/desk",), namespace="trading")


@table(
    case("a first policy", MESH, GUARDED, Consequences(drains=(DRAIN,))),
    case("a policy of a namespace that comes", MESH, {**GUARDED, "Namespace trading": "kind: Namespace"}, SAME),
    case("another mesh config", MESH, SETTLED, Consequences(drains=(Drain(("meshConfig.x",), both_ways=True),))),
    case("a mesh that comes with its policy", gateway(), GUARDED, SAME),
    case("another pod template", deployment("istiod", a=1), deployment("istiod", a=2), Consequences((ISTIOD,))),
    case("replicas restart nothing", deployment("istiod"), deployment("istiod", replicas=2), SAME),
    case("a workload that comes or goes", deployment("a"), deployment("b"), SAME),
    case("sides that are alike", OLD, OLD, SAME),
    case("an istiod that comes", gateway(), OLD, SAME),
    case("an istiod that goes", OLD, gateway(), SAME),
    case("a gateway whose template stays", OLD, NEW, replace(SIDECARS, stale=(GATEWAY,), proxy=BEFORE)),
    case("one that restarts anyhow", OLD, NEW | gateway(v="b"), replace(SIDECARS, restarts=(GATEWAY,), proxy=BEFORE)),
    case("a workload that is no gateway", OLD | PLAIN, NEW | PLAIN, replace(SIDECARS, proxy=BEFORE)),
    case("other templates", MESH, MESH | injector(templates="new"), SIDECARS),
    case("another proxy configuration", MESH, MESH | injector(proxy="{concurrency: 2}"), SIDECARS),
    case("another memory of proxies", MESH, MESH | injector(proxyMemory="384Mi"), SIDECARS),
    case("an istiod that moves", injector(), injector("other"), replace(SIDECARS, lost_control_plane="istio-system")),
)
def test_a_change_has_consequences_for_running_pods(before, after, consequences):
    assert consequences_for_pods(before, after) == consequences
