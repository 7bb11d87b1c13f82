"""The contenders: the same releases, values and mutual TLS for all of them."""

import json

import pytest

from lab.bench import contenders
from tests.support.factories import make_settings

RELEASES = ["istio-base", "istiod", "istio-ingressgateway", "istio-egressgateway"]


@pytest.fixture
def settings():
    return make_settings(charts={"source": "./charts"})


@pytest.fixture
def floor_of(settings, tmp_path, monkeypatch):
    monkeypatch.setattr(contenders, "run", lambda command, _: f"rendered by {command[1]}")
    return contenders.floor(settings, tmp_path, {})


def test_the_naive_program_gets_the_releases_with_their_charts_and_values(settings, tmp_path):
    wanted = json.loads((contenders.naive(settings, tmp_path) and tmp_path / "naive.json").read_text())
    assert [one["name"] for one in wanted["releases"]] == RELEASES
    assert [one["kind"] for one in wanted["releases"]] == ["base", "istiod", "gateway", "gateway"]
    assert wanted["releases"][1]["values"] == contenders.istio_releases(settings)[1].values


@pytest.mark.parametrize("make", [contenders.helm, contenders.istioctl])
def test_no_contender_is_done_before_mutual_tls_is_strict(settings, tmp_path, make):
    assert [word for word in make(settings, tmp_path).install[-1] if "strict" in word] != []
    (applied,) = json.loads((tmp_path / "strict.json").read_text())["items"]
    assert (applied["kind"], applied["spec"]) == ("PeerAuthentication", {"mtls": {"mode": "STRICT"}})


def test_the_floor_waits_for_istiod_before_it_applies_both_gateways_at_once(floor_of):
    steps = [" ".join(command) for command in floor_of.install]
    waits = [number for number, step in enumerate(steps) if "rollout status" in step]
    both = next(number for number, step in enumerate(steps) if "ingressgateway.yaml" in step)
    assert "egressgateway.yaml" in steps[both]
    assert waits[0] < both < waits[1]
    assert [step.split()[3] for step in steps if "rollout" in step] == [
        "deployment/istiod",
        "deployment/istio-ingressgateway",
        "deployment/istio-egressgateway",
    ]


def test_the_floor_is_removed_from_its_end(floor_of):
    files = [word for command in floor_of.remove for word in command if word.endswith(".yaml")]
    assert [file.rpartition("/")[2] for file in files] == [
        "istio-ingressgateway.yaml",
        "istio-egressgateway.yaml",
        "istiod.yaml",
        "istio-base.yaml",
    ]


def test_what_a_contender_needs_is_in_its_environment(monkeypatch, tmp_path):
    ran = []
    monkeypatch.setattr(contenders, "seconds", lambda *call: ran.append(call) or 1.5)
    one = contenders.Contender("one", [["a"], ["b"]], [], {"NAIVE": "file"}, tmp_path)
    assert one.time_install({"PATH": "/bin"}) == 3.0
    assert ran == [([name], {"PATH": "/bin", "NAIVE": "file"}, tmp_path) for name in "ab"]
