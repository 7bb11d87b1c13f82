"""The compared objects of a release."""

import json
import subprocess
from pathlib import Path

import pytest
import yaml

from operations.pull_request import manifests
from operations.pull_request.engine import Intent, Resource
from operations.pull_request.manifests import Consequences

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


def objects(**inputs: object) -> manifests.Objects:
    return manifests.rendered_objects(
        Intent({"urn": Resource(RELEASE, "istiod-release", {**INPUTS, **inputs})}, {}), Path()
    )


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
    with pytest.raises(manifests.NotRenderedError, match="helm template istiod istiod: Error: no repo"):
        objects()


def test_a_machine_without_helm_is_told(monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(manifests.NotRenderedError, match="helm is not on PATH"):
        objects()


def test_what_is_no_kubernetes_object_is_left_out():
    other = Resource("vault:index/mount:Mount", "pki", {"kind": "pki"})
    assert manifests.rendered_objects(Intent({"urn": other}, {}), Path()) == {}


def test_a_text_with_tabs_and_blanks_at_line_ends_is_still_compared_line_by_line():
    config = {"kind": "ConfigMap", "metadata": {"name": "istio"}, "data": {"values": "one: 1  \ntwo:\t2 é\n"}}
    side = Intent({"urn": Resource("kubernetes:core/v1:ConfigMap", "istio", config)}, {})
    assert "\n    one: 1\n    two:    2 é\n" in manifests.rendered_objects(side, Path())["ConfigMap istio"]


def test_plain_objects_of_the_program_are_compared_too():
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "trading"}}
    side = Intent({"urn": Resource("kubernetes:core/v1:Namespace", "trading", namespace)}, {})
    assert list(manifests.rendered_objects(side, Path())) == ["Namespace trading"]


def test_a_secret_shows_its_keys_only():
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "cacerts"},
        "stringData": {"ca-key.pem": "MHc"},
    }
    text = manifests.rendered_objects(Intent({"urn": Resource("kubernetes:core/v1:Secret", "c", secret)}, {}), Path())[
        "Secret cacerts"
    ]
    assert "ca-key.pem: '[secret]'" in text
    assert "MHc" not in text


def test_quotation_marks_and_comments_are_no_change(monkeypatch):
    release = Intent({"urn": Resource(RELEASE, "istiod", {"chart": "istiod.tgz"})}, {})
    texts = iter(['# one\nkind: A\nmetadata: {name: x}\nb: "1.2.3"\n---\n', "b: 1.2.3\nkind: A\nmetadata: {name: x}\n"])
    monkeypatch.setattr(manifests, "_output", lambda *_: next(texts))
    first, second = (manifests.rendered_objects(release, Path()) for _ in range(2))
    assert first == second == {"A x": "b: 1.2.3\nkind: A\nmetadata:\n  name: x\n"}


@pytest.mark.parametrize(
    ("before", "after", "verbs"),
    [
        ({"a": "1"}, {"a": "1"}, []),
        ({"a": "1"}, {"b": "1"}, ["create", "delete"]),
        ({"a": "1"}, {"a": "2"}, ["update"]),
    ],
)
def test_what_came_went_or_changed_is_told_apart(before, after, verbs):
    assert [change.verb for change in manifests.changes_between(before, after)] == verbs


def test_a_whole_diff_has_every_line_and_no_line_numbers():
    text = "".join(f"line {number}\n" for number in range(20))
    shown = manifests.whole_diff(text, text.replace("line 3\n", "other\n"))
    assert shown.splitlines()[:5] == [" line 0", " line 1", " line 2", "-line 3", "+other"]
    assert len(shown.splitlines()) == 21


def test_a_diff_is_counted_by_its_lines():
    assert manifests.line_counts(manifests.diff("a\nb\n", "a\nc\nd\n")) == "+2 -1"


GATEWAY = {"inject.istio.io/templates": "gateway"}


def deployment(name: str, annotations: dict | None = None, **spec: object) -> dict[str, str]:
    template = {"metadata": {"annotations": annotations or {}}, "spec": spec}
    return {f"Deployment istio-system/{name}": yaml.safe_dump({"spec": {"template": template, "replicas": 1}})}


def injector(
    namespace: str = "istio-system", templates: str = "", proxy: str = "{}", **values: object
) -> dict[str, str]:
    data = {"config": templates, "values": json.dumps({"global": {"istioNamespace": namespace, **values}})}
    return {
        f"ConfigMap {namespace}/istio-sidecar-injector": yaml.safe_dump({"data": data}),
        f"ConfigMap {namespace}/istio": yaml.safe_dump({"data": {"mesh": f"defaultConfig: {proxy}\n"}}),
    }


def test_another_pod_template_restarts_the_pods():
    assert manifests.consequences_for_pods(
        deployment("istiod", image="a"), deployment("istiod", image="b")
    ).restarts == ("Deployment istio-system/istiod",)


def test_another_number_of_replicas_restarts_nothing():
    before = deployment("istiod", image="a")
    after = {key: text.replace("replicas: 1", "replicas: 2") for key, text in before.items()}
    assert after != before
    assert manifests.consequences_for_pods(before, after) == Consequences()


def test_a_workload_that_comes_or_goes_does_not_restart():
    assert manifests.consequences_for_pods(deployment("a"), deployment("b")).restarts == ()


def test_a_gateway_whose_template_stays_keeps_its_proxy():
    gateway = deployment("istio-ingressgateway", GATEWAY)
    found = manifests.consequences_for_pods(
        {**gateway, **injector(tag="1.20.3")}, {**gateway, **injector(tag="1.20.7")}
    )
    assert (found.stale, found.proxy) == (tuple(gateway), "1.20.3")


def test_a_gateway_that_restarts_anyhow_keeps_nothing():
    before, after = (deployment("istio-ingressgateway", {**GATEWAY, "v": tag}) for tag in "ab")
    assert manifests.consequences_for_pods({**before, **injector(tag="a")}, {**after, **injector(tag="b")}).stale == ()


@pytest.mark.parametrize("change", [{"templates": "new"}, {"proxy": "{concurrency: 2}"}, {"proxyMemory": "384Mi"}])
def test_other_sidecars_for_new_pods_leave_the_running_ones_and_the_gateways_image(change):
    gateway = deployment("istio-ingressgateway", GATEWAY)
    found = manifests.consequences_for_pods({**gateway, **injector()}, {**gateway, **injector(**change)})
    assert found == Consequences(has_new_sidecars=True)


def test_sidecars_of_an_istiod_that_moves_lose_it():
    found = manifests.consequences_for_pods(injector(), injector(namespace="mesh-system"))
    assert found.lost_control_plane == "istio-system"


def test_sides_that_are_alike_have_no_consequences():
    objects = {**deployment("istiod"), **injector()}
    assert manifests.consequences_for_pods(objects, objects) == Consequences()
