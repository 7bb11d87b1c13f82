"""Istio's own analysis: the objects that decide, and an istioctl that does not fit."""

import json
from pathlib import Path

import pytest

from pi_mesh.checks.finding import Level, errors
from pi_mesh.checks.observation import Observation
from pi_mesh.checks.verify import configuration_analysis
from tests.support.factories import make_mesh
from tests.support.snapshots import installed_mesh, make_snapshot

MESH = make_mesh()
CLUSTER = make_snapshot(**installed_mesh())


def message(origin: str, level: str = "Error", code: str = "IST0101") -> dict:
    about = {"documentationUrl": "https://istio.io/ist?ref=istioctl-analyze", "message": 'not found: "x"'}
    return {"code": code, "level": level, "origin": origin, **about}


def judged(*messages: dict) -> list:
    return configuration_analysis.message_findings(messages, MESH, CLUSTER)


@pytest.fixture
def istioctl(tmp_path: Path, monkeypatch):
    """Return `istioctl(version, analyze)`: install an istioctl of a version, with shell commands for its `analyze`."""

    def made(version: str, analyze: str = "echo '[]'") -> None:
        said = json.dumps({"clientVersion": {"version": version}}, indent=2)
        script = f"#!/bin/sh\nif [ $1 = version ]; then echo '{said}'; else {analyze}; fi\n"
        (tmp_path / "istioctl").write_text(script)
        (tmp_path / "istioctl").chmod(0o700)

    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    return made


def test_hundreds_of_errors_in_a_namespace_of_others_are_one_warning():
    (found,) = judged(*(message(f"VirtualService other/broken-{number}") for number in range(500)))
    assert (found.level, found.number, found.kind) == (Level.WARNING, 500, "other namespace")
    assert found.message == (
        "500 objects (VirtualService other/broken-0, VirtualService other/broken-1, "
        'VirtualService other/broken-2 and 497 more): IST0101 not found: "x"'
    )


def test_each_code_of_others_is_a_finding_of_its_own():
    first, second = judged(message("Pod other/a", code="IST0103"), message("Pod other/b", code="IST0101"))
    assert (first.number, second.number) == (1, 1)


def test_an_object_with_two_messages_of_a_code_is_counted_once():
    (found,) = judged(message("VirtualService other/a"), message("VirtualService other/a"))
    assert found.message.startswith("1 object (VirtualService other/a): ")


def test_the_page_that_explains_a_message_is_what_to_do():
    (found,) = judged(message("VirtualService trading/a"))
    assert found.fix == "https://istio.io/ist"


def test_information_about_others_is_no_warning():
    (found,) = judged(message("Namespace default", "Info", "IST0102"))
    assert found.level is Level.OK


@pytest.mark.parametrize(
    "origin",
    [
        "VirtualService trading/broken",
        "Namespace trading",
        "Service istio-system/istiod",
        "MutatingWebhookConfiguration istio-sidecar-injector",
        "CustomResourceDefinition gateways.networking.istio.io",
    ],
)
def test_an_error_about_the_mesh_decides_the_exit_status(origin):
    (found,) = judged(message(origin))
    assert errors([found])
    assert f"{found.kind} {found.name}" == origin


def test_an_error_without_an_object_decides_too():
    without = message("")
    del without["origin"]
    assert errors(judged(without))


def test_a_webhook_of_others_does_not_decide():
    assert not errors(judged(message("MutatingWebhookConfiguration their-injector")))


def test_without_istioctl_there_is_one_unknown(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    (found,) = configuration_analysis.check(Observation(MESH, CLUSTER))
    assert (found.level, found.name) == (Level.UNKNOWN, "istioctl")


@pytest.mark.parametrize("version", ["1.30.4", "1.31.0", "1.32.0-rc.1", "unknown"])
def test_an_istioctl_of_a_neighbouring_minor_is_asked(istioctl, version):
    istioctl(version)
    (found,) = configuration_analysis.check(Observation(MESH, CLUSTER))
    assert (found.level, found.message) == (Level.OK, "nothing to report")


def test_an_istioctl_of_a_far_minor_is_not_asked(istioctl):
    istioctl("1.20.3", "sleep 60")
    (found,) = configuration_analysis.check(Observation(MESH, CLUSTER))
    assert found.level is Level.UNKNOWN
    assert "is of Istio 1.20, and the mesh of 1.31" in found.message
    assert found.fix == "install istioctl 1.31"


def test_an_istioctl_that_does_not_answer_is_ended_and_is_unknown(istioctl, monkeypatch):
    monkeypatch.setattr(configuration_analysis, "SECONDS", 0.3)
    istioctl("1.30.0", "exec sleep 60")
    (found,) = configuration_analysis.check(Observation(MESH, CLUSTER))
    assert (found.level, found.message) == (Level.UNKNOWN, "analyze gave no answer within 0.3 s")


def test_an_istioctl_that_fails_is_unknown_with_its_own_last_line(istioctl):
    istioctl("1.31.0", "echo first >&2; echo 'Error: no right' >&2; exit 1")
    (found,) = configuration_analysis.check(Observation(MESH, CLUSTER))
    assert (found.level, found.message) == (Level.UNKNOWN, "analyze gave no answer but: Error: no right")
