"""The command `rotate-ca`: its refusals, and its proof."""

import json
import subprocess
from contextlib import nullcontext
from unittest.mock import Mock

import grpc
import pytest
from click.testing import Result
from typer.testing import CliRunner

from operations import istiod_certificates
from operations.__main__ import app
from operations.istiod_certificates import IssuedCertificate, Issuer, NoCertificate
from operations.pulumi import PulumiFailed
from operations.rotate_ca import renewal
from pi_mesh.checks.finding import Level, Subject, ok
from pi_mesh.cluster import mesh_ca
from pi_mesh.settings import parse_any
from pi_mesh.settings.namespaces import DAYS
from tests.support import authorities
from tests.support.factories import make_settings

ROOT, OTHER_ROOT = authorities.make_root(), authorities.make_root("other")
BY_ISSUER = {"source": "issuer", "issuer": {"name": "pi"}}
HERE = {"enabled": True, "address": "https://vault.example"}


def issued_by(root: authorities.Authority) -> IssuedCertificate:
    """Return a workload's certificate under a CA of its own."""
    signing = authorities.make_ca("signing", root)
    leaf = authorities.make_ca("leaf", signing, ca=False)
    return IssuedCertificate((leaf.certificate, signing.certificate), b"")


class Istiod:
    """An istiod that issues these certificates, one after the other, the last one forever."""

    def __init__(self, *certificates: IssuedCertificate) -> None:
        self._certificates = list(certificates)

    def issue(self) -> IssuedCertificate:
        return self._certificates.pop(0) if len(self._certificates) > 1 else self._certificates[0]


@pytest.fixture
def proof(monkeypatch):
    """Return `proof(istiod)`: the levels and messages of a completed rotation."""

    def run(istiod: Istiod) -> list[tuple[Level, str]]:
        class Forwarded:
            def __enter__(self) -> Istiod:
                return istiod

            def __exit__(self, *_: object) -> None:
                pass

        live = type("Live", (), {"root_cert": ROOT.pem})
        monkeypatch.setattr(renewal, "issuer", lambda *_: Forwarded())
        monkeypatch.setattr(mesh_ca, "read_authority", lambda *_: live)
        monkeypatch.setattr(renewal, "PROOF_PAUSE", 0)
        findings = renewal.with_proof(
            make_settings(), lambda: [ok("pulumi up", Subject("stack", "test"), "is done")], wait=1
        )
        return [(finding.level, str(finding)) for finding in findings]

    return run


def test_in_trading_hours_nothing_is_rotated(monkeypatch):
    always = {"timeZone": "UTC", "opens": "00:00", "closes": "00:00", "days": [*DAYS]}
    monkeypatch.setattr(renewal.stacks, "load_any", lambda _: make_settings(vault=HERE, trading={"hours": always}))
    done = CliRunner().invoke(app, ["rotate-ca", "-s", "test"])
    assert done.exit_code == 1
    assert "trading.hours: rotate-ca exchanges the CA that signs every certificate, and trading goes on" in done.output


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        ({}, "vault.enabled is false"),
        ({"vault": {**HERE, "signedBy": "outside"}}, "have the output certificateRequest signed"),
        ({"ca": {"source": "secret", "secret": "mine"}}, "ca.source is 'secret': its CA is not made here"),
    ],
)
def test_it_refuses_what_it_can_not_rotate_and_says_what_to_do(monkeypatch, settings, line):
    monkeypatch.setattr(renewal.stacks, "load_any", lambda _: make_settings(**settings))
    done = CliRunner().invoke(app, ["rotate-ca", "-s", "test"])
    assert done.exit_code == 2
    assert line in done.output


@pytest.mark.parametrize(
    ("command", "line"),
    [("pending", "no such stack"), ("set_config", "no such stack"), ("up", "istiod goes on with its present CA")],
)
def test_a_pulumi_that_fails_is_a_problem_of_status_1(monkeypatch, command, line):
    def fail(*_: str) -> None:
        raise PulumiFailed(f"pulumi {command}", "no such stack", "look")

    monkeypatch.setattr(renewal.stacks, "load_any", lambda _: make_settings(vault=HERE))
    monkeypatch.setattr(renewal, "with_proof", lambda _settings, rotate, _wait: rotate())
    for name in ("pending", "set_config", "up"):
        monkeypatch.setattr(renewal.pulumi, name, fail if name == command else lambda *_: {})
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
    sent = IssuedCertificate((*certificate.chain, OTHER_ROOT.certificate, ROOT.certificate), b"")
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


@pytest.mark.parametrize(
    ("revisions", "signed", "status", "line"),
    [([4], True, 0, "has a new key, and the Issuer has signed it"), ([3], True, 1, "was not signed within 1 s")],
)
def test_a_ca_by_an_issuer_is_renewed_by_cert_manager(monkeypatch, revisions, signed, status, line):
    ups: list[str] = []
    monkeypatch.setattr(renewal.stacks, "load_any", lambda _: make_settings(ca=BY_ISSUER))
    monkeypatch.setattr(renewal, "with_proof", lambda _settings, rotate, _wait: rotate())
    monkeypatch.setattr(renewal.pulumi, "pending", lambda *_: {})
    monkeypatch.setattr(renewal.pulumi, "up", lambda stack, _: ups.append(stack))
    monkeypatch.setattr(mesh_ca, "renew_certificate", lambda *_: 3)
    monkeypatch.setattr(mesh_ca, "certificate_revision", lambda *_: revisions[-1])
    monkeypatch.setattr(mesh_ca, "is_certificate_signed", lambda *_: signed)
    done = CliRunner().invoke(app, ["rotate-ca", "-s", "test", "--json", "--wait", "1"])
    assert done.exit_code == status, done.output
    assert line in done.stdout
    assert ups == ["test"] * (status == 0)


def change(kind: str, name: str, operation: str = "update") -> dict[str, str]:
    """Return a step of `pulumi preview --json`."""
    return {"op": operation, "urn": f"urn:pulumi:test::pi-mesh::{kind}::{name}"}


@pytest.fixture
def rotated(monkeypatch):
    """Return `rotated(step, ...)`: the result of rotate-ca with these pending steps, and its commands of Pulumi."""
    commands: list[list[str]] = []

    def run(*steps: dict[str, str], vault: object = HERE, fails: str = "", more: tuple = ()) -> tuple[Result, list]:
        def pulumi(command: list[str], **_: object) -> subprocess.CompletedProcess:
            commands.append(command)
            shown = json.dumps({"steps": steps}) if "preview" in command else ""
            failed = command[1] == "up" and fails in command
            return subprocess.CompletedProcess(command, 255 if failed else 0, shown, "")

        parsed = {"test": make_settings(vault=vault), "org/pi-mesh/ca": parse_any({"vault": HERE})}
        monkeypatch.setattr(subprocess, "run", pulumi)
        monkeypatch.setattr(renewal.stacks, "load_any", parsed.__getitem__)
        monkeypatch.setattr(renewal, "with_proof", lambda _settings, rotate, _wait: rotate())
        done = CliRunner().invoke(app, ["rotate-ca", "-s", "test", "--json", *more])
        return done, commands

    return run


def test_a_rotation_is_refused_while_anything_but_the_ca_would_change(rotated):
    release = change("pi-mesh:istio:Istiod$kubernetes:helm.sh/v3:Release", "istiod-release")
    done, commands = rotated(release, change("kubernetes:core/v1:ConfigMap", "notes", "create"))
    assert done.exit_code == 1
    assert "besides the CA that are not applied yet: update istiod-release, create notes" in done.stdout
    assert [command[1] for command in commands] == ["preview"]


def test_a_rotation_that_was_cut_short_may_be_run_again(rotated):
    done, commands = rotated(
        change(
            "pi-mesh:vault:VaultCa$vault:pkiSecret/secretBackendRootSignIntermediate:X", "mesh-ca-signed", "replace"
        ),
        change("pi-mesh:vault:Cacerts$kubernetes:core/v1:Secret", "cacerts-secret"),
        change("pulumi:providers:vault", "vault"),
        change("pulumi:pulumi:Stack", "pi-mesh-test", "same"),
    )
    assert done.exit_code == 0
    assert [command[1] for command in commands] == ["preview", "config", "up"]


@pytest.mark.parametrize("command", ["preview", "up"])
def test_the_policies_judge_a_rotation_as_they_judge_every_up(rotated, command):
    _, commands = rotated()
    (judged,) = [ran for ran in commands if ran[1] == command]
    assert judged[judged.index("--policy-pack") + 1] == "policies"


def test_the_policies_can_be_left_out(rotated):
    _, commands = rotated(more=("--no-policies",))
    assert not any("--policy-pack" in command for command in commands)


def test_the_meshs_stack_is_left_alone_where_the_cas_own_stack_failed(rotated):
    done, commands = rotated(vault={"enabled": True, "stack": "org/pi-mesh/ca"}, fails="org/pi-mesh/ca")
    assert done.exit_code == 1
    assert [command[command.index("--stack") + 1] for command in commands if command[1] == "up"] == ["org/pi-mesh/ca"]


class Silent(Istiod):
    """An istiod that issues one certificate, and none after it."""

    def issue(self) -> IssuedCertificate:
        if not self._certificates:
            raise NoCertificate("Deadline Exceeded")
        return self._certificates.pop()


def test_an_istiod_that_gives_no_certificate_before_the_rotation_prevents_it(proof):
    ((level, line),) = proof(Silent())
    assert level is Level.ERROR
    assert "gives no certificate, so nothing was rotated: Deadline Exceeded" in line


def test_an_istiod_that_gives_no_certificate_after_the_rotation_leaves_it_unproven(proof):
    assert "gives no certificate, so nothing is proven: Deadline Exceeded" in proof(Silent(issued_by(ROOT)))[-1][1]


class Refusing(grpc.RpcError, grpc.Call):
    def details(self) -> str:
        return "failed to authenticate\nwith a second line"


def test_an_error_of_istiods_service_is_one_line():
    def refuse(*_: object, **__: object) -> None:
        raise Refusing

    channel = Mock(unary_unary=lambda *_, **__: refuse)
    client = Mock(ask=lambda *_: {"status": {"token": "t"}})
    with pytest.raises(NoCertificate, match=r"^failed to authenticate$"):
        Issuer(client, channel, "trading").issue()


@pytest.mark.parametrize("found", [None, {}, {"data": {"other": ""}}])
def test_a_missing_root_of_the_workloads_is_one_line(monkeypatch, found):
    monkeypatch.setattr(istiod_certificates, "Client", lambda _: nullcontext(Mock(get=lambda _: found)))
    monkeypatch.setattr(istiod_certificates, "_forwarded", lambda *_: nullcontext("127.0.0.1:1"))
    with pytest.raises(NoCertificate, match="configmap istio-system/istio-ca-root-cert has no root"):
        istiod_certificates.issuer("test", "istio-system", "trading").__enter__()


def test_the_generation_of_the_ca_is_one_more_than_that_of_the_settings(rotated):
    _, commands = rotated(vault={**HERE, "generation": 4})
    (config,) = [command for command in commands if command[1] == "config"]
    assert config[-1] == "5" or "5" in config
