"""`rotate-ca`: when it refuses, and what its proof says."""

import subprocess

import pytest
from typer.testing import CliRunner

from operations import rotate_ca, rotate_ca_proof
from operations.__main__ import app
from operations.istiod_certificates import Issued
from operations.pulumi import PulumiFailed
from pi_mesh.checks.finding import Level, Subject, ok
from pi_mesh.settings import parse_any
from tests.support import authorities, awaited
from tests.support.factories import make_settings

ROOT, OTHER_ROOT = authorities.make_root(), authorities.make_root("other")
HERE = {"enabled": True, "address": "https://vault.example"}


def issued_by(root: authorities.Authority) -> Issued:
    """A workload's certificate under a CA of its own."""
    signing = authorities.make_ca("signing", root)
    leaf = authorities.make_ca("leaf", signing, ca=False)
    return Issued((leaf.certificate, signing.certificate), b"")


class Istiod:
    """Hands these certificates out, one after the other, the last one forever."""

    def __init__(self, *certificates: Issued) -> None:
        self._certificates = list(certificates)

    def issue(self) -> Issued:
        return self._certificates.pop(0) if len(self._certificates) > 1 else self._certificates[0]


@pytest.fixture
def proof(monkeypatch):
    """`proof(istiod)`: the levels and messages of a rotation that Pulumi did."""

    def run(istiod: Istiod) -> list[tuple[Level, str]]:
        class Forwarded:
            def __enter__(self) -> Istiod:
                return istiod

            def __exit__(self, *_: object) -> None:
                pass

        live = type("Live", (), {"root_cert": ROOT.pem})
        monkeypatch.setattr(rotate_ca_proof, "issuer", lambda *_: Forwarded())
        monkeypatch.setattr(rotate_ca_proof.authority, "read", lambda *_: live)
        monkeypatch.setattr(rotate_ca_proof, "PAUSE", 0)
        findings = rotate_ca_proof.proven(
            make_settings(), lambda: [ok("pulumi up", Subject("stack", "test"), "is done")], wait=1
        )
        return [(finding.level, str(finding)) for finding in findings]

    return run


@pytest.mark.parametrize(
    ("vault", "line"),
    [
        ({}, "vault.enabled is false"),
        ({**HERE, "signedBy": "outside"}, "have the output certificateRequest signed"),
    ],
)
def test_it_refuses_what_it_can_not_rotate_and_says_what_to_do(monkeypatch, vault, line):
    monkeypatch.setattr(rotate_ca.stacks, "load_any", lambda _: make_settings(vault=vault))
    done = CliRunner().invoke(app, ["rotate-ca", "-s", "test"])
    assert done.exit_code == 2
    assert line in done.output


@pytest.mark.parametrize(("command", "line"), [("set_config", "no such stack"), ("up", "istiod goes on with the CA")])
def test_a_pulumi_that_fails_is_a_problem_of_status_1(monkeypatch, command, line):
    def fail(*_: str) -> None:
        raise PulumiFailed(f"pulumi {command}", "no such stack", "look")

    monkeypatch.setattr(rotate_ca.stacks, "load_any", lambda _: make_settings(vault=HERE))
    monkeypatch.setattr(rotate_ca, "proven", lambda _settings, rotate, _wait: rotate())
    for name in ("set_config", "up"):
        monkeypatch.setattr(rotate_ca.pulumi, name, fail if name == command else lambda *_: None)
    done = CliRunner().invoke(app, ["rotate-ca", "-s", "test", "--json"])
    assert done.exit_code == 1
    assert line in done.stdout


def test_a_rotation_is_proven_by_a_certificate_from_before_and_one_from_after(proof):
    before, after = issued_by(ROOT), issued_by(ROOT)
    found = proof(Istiod(before, before, after))
    assert {level for level, _ in found} == {Level.OK}
    assert "signs with another CA, without a restart" in found[1][1]


def test_a_certificate_verifies_though_istiod_sends_every_trusted_root_along():
    certificate = issued_by(ROOT)
    sent = Issued((*certificate.chain, OTHER_ROOT.certificate, ROOT.certificate), b"")
    assert sent.verifies((ROOT.certificate,))
    assert not sent.verifies((OTHER_ROOT.certificate,))


def test_an_istiod_that_goes_on_with_the_old_ca_fails_the_proof(proof):
    (level, line) = proof(Istiod(issued_by(ROOT)))[-1]
    assert level is Level.ERROR
    assert "istiod has signed with 'signing'" in line


def test_a_certificate_from_before_that_no_longer_verifies_fails_the_proof(proof):
    found = proof(Istiod(issued_by(OTHER_ROOT), issued_by(ROOT)))
    assert (found[2][0], found[3][0]) == (Level.ERROR, Level.OK)
    assert "from before the rotation: does not verify" in found[2][1]


@awaited.truth("L6 a rotation rolls out whatever else is changed in the working tree, without the policies")
def test_a_rotation_changes_the_ca_and_what_hangs_on_it_alone(monkeypatch):
    commands: list[list[str]] = []

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess:
        commands.append(command)
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(rotate_ca.stacks, "load_any", lambda _: parse_any({"vault": HERE}))
    assert CliRunner().invoke(app, ["rotate-ca", "-s", "test"]).exit_code == 0
    (up,) = [command for command in commands if "up" in command]
    assert {"--target", "--target-dependents"} <= set(up)
