"""Istio's own analysis: the objects that decide, and an istioctl that does not fit."""

import json

import pytest

from pi_mesh.checks.observation import Observation
from pi_mesh.checks.verify import configuration_analysis
from tests.support.factories import make_mesh
from tests.support.findings import assert_lines, case, table
from tests.support.snapshots import installed_mesh, make_snapshot
from tests.support.versions import BEFORE, NEWEST, NEWEST_MINOR, SHIPPED, UNKNOWN, next_patch

SEEN = Observation(make_mesh(), make_snapshot(**installed_mesh()))
EMPTY, FAILS = "echo '[]'", "echo first >&2; echo 'Error: no right' >&2; exit 1"
FAR = f"UNKNOWN is of Istio {SHIPPED[:4]}, and the mesh of 1.{NEWEST_MINOR}…; install istioctl 1.{NEWEST_MINOR}"


def message(origin: str, level: str = "Error", code: str = "IST0101") -> dict:
    about = {"documentationUrl": "https://istio.io/ist?ref=istioctl-analyze", "message": 'not found: "x"'}
    return {"code": code, "level": level, **({"origin": origin} if origin else {}), **about}


TWICE = [message("VirtualService other/a")] * 2
CODES = [message("Pod other/a", code="IST0103"), message("Pod other/b")]
BROKEN = [message(f"VirtualService other/broken-{number}") for number in range(500)]
INJECTOR = "MutatingWebhookConfiguration istio-sidecar-injector"
CRD = "CustomResourceDefinition gateways.networking.istio.io"
FIRST_THREE = ", ".join(f"VirtualService other/broken-{number}" for number in range(3))
FIVE_HUNDRED = f'500 objects ({FIRST_THREE} and 497 more): IST0101 not found: "x"'


@table(
    case("hundreds of others are one warning", BROKEN, f"WARNING=500 other namespaces: {FIVE_HUNDRED}"),
    case("each code of others", CODES, "WARNING=1 1 object (Pod other/b)\nWARNING=1 1 object (Pod other/a)"),
    case("an object counts once", TWICE, "WARNING 1 object (VirtualService other/a): "),
    case("a page", [message("VirtualService trading/a")], "ERROR VirtualService trading/a: …https://istio.io/ist$"),
    case("information", [message("Namespace default", "Info", "IST0102")], "OK "),
    case("a namespace of the mesh", [message("Namespace trading")], "ERROR Namespace trading: "),
    case("its Service", [message("Service istio-system/istiod")], "ERROR Service istio-system/istiod: "),
    case("its webhook", [message(INJECTOR)], f"ERROR {INJECTOR}: "),
    case("its CRD", [message(CRD)], f"ERROR {CRD}: "),
    case("an error without an object", [message("")], "ERROR "),
    case("a webhook of others", [message("MutatingWebhookConfiguration their-injector")], "WARNING "),
)
def test_an_error_about_the_mesh_decides_and_those_of_others_are_told_together(messages, lines):
    assert_lines(configuration_analysis.message_findings(messages, SEEN.mesh, SEEN.snapshot), lines)


@pytest.fixture
def istioctl(tmp_path, monkeypatch):
    """Return `istioctl(version, analyze)`: install an istioctl of a version, with shell commands for its `analyze`."""

    def install(version: str, analyze: str) -> None:
        answer = json.dumps({"clientVersion": {"version": version}}, indent=2)
        script = f"#!/bin/sh\nif [ $1 = version ]; then echo '{answer}'; else {analyze}; fi\n"
        (tmp_path / "istioctl").write_text(script)
        (tmp_path / "istioctl").chmod(0o700)

    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    monkeypatch.setattr(configuration_analysis, "SECONDS", 5)
    return install


@table(
    case("of the minor before", next_patch(BEFORE), EMPTY, "OK nothing to report$"),
    case("of the mesh's version", NEWEST, EMPTY, "OK nothing to report$"),
    case("of the minor after", f"{UNKNOWN}-rc.1", EMPTY, "OK nothing to report$"),
    case("that answers null", NEWEST, "echo null", "OK nothing to report$"),
    case("of no known version", "unknown", EMPTY, "OK nothing to report$"),
    case("of a far minor, which is not asked", SHIPPED, "sleep 60", FAR),
    case("that fails", NEWEST, FAILS, "UNKNOWN analyze gave no answer but: Error: no right; run"),
)
def test_an_istioctl_of_a_neighbouring_minor_is_asked(istioctl, version, analyze, line):
    istioctl(version, analyze)
    assert_lines(configuration_analysis.check(SEEN), line)


def test_before_an_up_the_objects_of_the_settings_are_judged_with_what_runs(istioctl, tmp_path):
    istioctl(NEWEST, f"cat > {tmp_path}/objects; [ $9 = - ] && echo '[]'")
    assert_lines(configuration_analysis.check(SEEN), "OK nothing to report$")
    assert "PeerAuthentication" in (tmp_path / "objects").read_text()


def test_an_istioctl_that_does_not_answer_is_ended_and_is_unknown(istioctl, monkeypatch):
    istioctl(BEFORE, "exec sleep 60")
    monkeypatch.setattr(configuration_analysis, "SECONDS", 0.2)
    assert_lines(configuration_analysis.check(SEEN), "UNKNOWN analyze gave no answer within 0.2 s; run")


def test_without_istioctl_there_is_one_unknown(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    assert_lines(
        configuration_analysis.check(SEEN),
        "UNKNOWN istioctl: is not on PATH: of Istio's own analysis, checks here cover IST0102, ",
    )
