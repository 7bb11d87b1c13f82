"""The command `rotate-ca`: its refusals, its commands of Pulumi, and its proof."""

import json
import subprocess
from contextlib import nullcontext
from itertools import count
from unittest.mock import Mock

import pytest
from typer.testing import Result

from operations.istiod_certificates import IssuedCertificate, NoCertificate
from operations.pulumi import PulumiFailed
from operations.rotate_ca import renewal
from pi_mesh.checks.finding import Level, Subject, ok
from pi_mesh.cluster import mesh_ca
from pi_mesh.settings import parse_any
from tests.support import authorities
from tests.support.command_line import run_command
from tests.support.factories import ALWAYS, make_settings

ROOT, OTHER_ROOT = authorities.make_root(), authorities.make_root("other")
HERE = {"enabled": True, "address": "https://vault.example"}
OF_VAULT = "pi-mesh:vault:VaultCa$vault:pkiSecret/secretBackend"
CA_STACK = "org/pi-mesh/ca"
PRESENT = "istiod goes on with its present CA"
SIGNED = "has a new key, and the Issuer has signed it"


@pytest.fixture(autouse=True)
def no_time_passes(monkeypatch):
    """Count half a second for each look at the clock, without waiting."""
    monkeypatch.setattr("pi_mesh.waiting.time", Mock(monotonic=count(0, 0.5).__next__))


def rotate_ca(*options: str, consent: str = "--yes") -> Result:
    return run_command("rotate-ca", "-s", "test", "--json", consent, *options)


def issued_by(root: authorities.Authority) -> IssuedCertificate:
    """Return a workload's certificate under a CA of its own."""
    signing = authorities.make_ca("signing", root)
    leaf = authorities.make_ca("leaf", signing, ca=False)
    return IssuedCertificate((leaf.certificate, signing.certificate), b"")


BEFORE, AFTER, OF_OTHER = issued_by(ROOT), issued_by(ROOT), issued_by(OTHER_ROOT)


@pytest.mark.parametrize(("settings", "status", "line"), [
    ({}, 2, "vault.enabled is false"),
    ({"vault": {**HERE, "signedBy": "outside"}}, 2, "have the output certificateRequest signed"),
    ({"ca": {"source": "secret", "secret": "mine"}}, 2, "ca.source is 'secret': its CA is not made here"),
    ({"vault": HERE, "trading": {"hours": ALWAYS}}, 1,
     "rotate-ca exchanges the CA that signs every certificate, and trading goes on"),
])  # fmt: skip
def test_it_refuses_what_it_can_not_rotate_and_says_what_to_do(monkeypatch, settings, status, line):
    monkeypatch.setattr(renewal.stacks, "load_any", lambda _: make_settings(**settings))
    done = rotate_ca()
    assert (done.exit_code, line in done.output) == (status, True)


@pytest.fixture
def unproven(monkeypatch) -> None:
    """Let a rotation go on without a proof of it."""
    monkeypatch.setattr(renewal, "with_proof", lambda _settings, rotate, _wait: rotate())


@pytest.mark.usefixtures("unproven")
@pytest.mark.parametrize(("fails", "line"), [("pending", "no such"), ("set_config", "no such"), ("up", PRESENT)])
def test_a_pulumi_that_fails_is_a_problem_of_status_1(monkeypatch, fails, line):
    failure = Mock(side_effect=PulumiFailed(f"pulumi {fails}", "no such stack", "look"))
    monkeypatch.setattr(renewal.stacks, "load_any", lambda _: make_settings(vault=HERE))
    for name in ("pending", "set_config", "up"):
        monkeypatch.setattr(renewal.pulumi, name, failure if name == fails else lambda *_: {})
    done = rotate_ca()
    assert (done.exit_code, line in done.stdout) == (1, True)


@pytest.mark.parametrize(("answers", "levels", "line"), [
    pytest.param([BEFORE, BEFORE, AFTER], "ok ok ok ok", "signs with another CA, without a restart",
                 id="a rotation is proven by a certificate from before and one from after"),
    pytest.param([BEFORE], "ok error", "istiod has signed with 'signing'", id="an istiod that goes on with the old ca"),
    pytest.param([OF_OTHER, AFTER], "ok ok error ok", "from before the rotation: does not verify",
                 id="a certificate from before that no longer verifies"),
    pytest.param([NoCertificate("late")], "error", "gives no certificate, so nothing was rotated: late",
                 id="an istiod that gives no certificate before the rotation prevents it"),
    pytest.param([BEFORE, NoCertificate("late")], "ok error", "gives no certificate, so nothing is proven: late",
                 id="an istiod that gives no certificate after the rotation leaves it unproven"),
])  # fmt: skip
def test_a_rotation_is_proven_by_what_istiod_issues(monkeypatch, answers, levels, line):
    given = list(answers)

    def issue() -> IssuedCertificate:
        answer = given.pop(0) if len(given) > 1 else given[0]
        if isinstance(answer, NoCertificate):
            raise answer
        return answer

    monkeypatch.setattr(renewal, "issuer", lambda *_: nullcontext(Mock(issue=issue)))
    monkeypatch.setattr(mesh_ca, "read_authority", lambda *_: Mock(root_cert=ROOT.pem))
    done = ok("pulumi up", Subject("stack", "test"), "is done")
    findings = renewal.with_proof(make_settings(), lambda: [done], wait=1)
    assert [finding.level for finding in findings] == [Level(level) for level in levels.split()]
    assert [str(finding) for finding in findings if line in str(finding)]


@pytest.mark.usefixtures("unproven")
@pytest.mark.parametrize(("revision", "status", "line"), [(4, 0, SIGNED), (3, 1, "was not signed within 1 s")])
def test_a_ca_by_an_issuer_is_renewed_by_cert_manager(monkeypatch, revision, status, line):
    ups: list[str] = []
    settings = make_settings(ca={"source": "issuer", "issuer": {"name": "pi"}})
    monkeypatch.setattr(renewal.stacks, "load_any", lambda _: settings)
    monkeypatch.setattr(renewal.pulumi, "pending", lambda *_: {})
    monkeypatch.setattr(renewal.pulumi, "up", lambda stack, _: ups.append(stack))
    monkeypatch.setattr(mesh_ca, "renew_certificate", lambda *_: 3)
    monkeypatch.setattr(mesh_ca, "certificate_revision", lambda *_: revision)
    monkeypatch.setattr(mesh_ca, "is_certificate_signed", lambda *_: True)
    done = rotate_ca("--wait", "1")
    assert (done.exit_code, ups, line in done.stdout) == (status, ["test"] * (status == 0), True), done.output


def change(kind: str, name: str, operation: str = "update") -> dict[str, str]:
    """Return a step of `pulumi preview --json`."""
    return {"op": operation, "urn": f"urn:pulumi:test::pi-mesh::{kind}::{name}"}


@pytest.fixture
def rotated(monkeypatch, unproven):  # noqa: ARG001 - for what it sets
    """Return `rotated(step, ...)`: the result of rotate-ca with these pending steps, and its commands of Pulumi."""
    commands: list[list[str]] = []

    def run(
        *steps: dict[str, str], vault: object = HERE, fails: str = "", more: tuple = (), consent: str = "--yes"
    ) -> tuple[Result, list]:
        def pulumi(command: list[str], **_: object) -> subprocess.CompletedProcess:
            commands.append(command)
            shown = json.dumps({"steps": steps}) if "preview" in command else ""
            failed = command[1] == "up" and fails in command
            return subprocess.CompletedProcess(command, 255 if failed else 0, shown, "")

        parsed = {"test": make_settings(vault=vault), CA_STACK: parse_any({"vault": HERE})}
        monkeypatch.setattr(subprocess, "run", pulumi)
        monkeypatch.setattr(renewal.stacks, "load_any", parsed.__getitem__)
        return rotate_ca(*more, consent=consent), commands

    return run


def test_a_rotation_is_refused_while_anything_but_the_ca_would_change(rotated):
    release = change("pi-mesh:istio:Istiod$kubernetes:helm.sh/v3:Release", "istiod-release")
    done, commands = rotated(release, change("kubernetes:core/v1:ConfigMap", "notes", "create"))
    assert (done.exit_code, [command[1] for command in commands]) == (1, ["preview"])
    assert "besides the CA that are not applied yet: update istiod-release, create notes" in done.stdout


def test_a_rotation_that_was_cut_short_may_be_run_again(rotated):
    done, commands = rotated(
        change(f"{OF_VAULT}RootSignIntermediate:X", "mesh-ca-signed", "replace"),
        change("pi-mesh:vault:Cacerts$kubernetes:core/v1:Secret", "cacerts-secret"),
        change("pulumi:providers:vault", "vault"),
        change("pi-mesh:index:Mesh$pi-mesh:vault:Cacerts$kubernetes:core/v1:Secret", "in-a-mesh"),
        change("pulumi:pulumi:Stack", "pi-mesh-test", "same"),
    )
    assert (done.exit_code, [command[1] for command in commands]) == (0, ["preview", "config", "up"])


@pytest.mark.parametrize(("consent", "status", "line"), [
    ("--dry-run", 0, "would be changed: the CA gets a new key and certificate under its root"),
    ("--json", 1, "its CA was not changed, for nobody agreed"),
])  # fmt: skip
def test_without_a_yes_a_rotation_is_a_preview_alone(rotated, consent, status, line):
    done, commands = rotated(consent=consent)
    assert (done.exit_code, [command[1] for command in commands]) == (status, ["preview"])
    assert line in done.stdout


@pytest.mark.parametrize(("more", "judged"), [((), ["preview", "up"]), (("--no-policies",), [])])
def test_the_policies_judge_a_rotation_as_they_judge_every_up(rotated, more, judged):
    _, commands = rotated(more=more)
    option = "--policy-pack"
    packs = {command[1]: command[command.index(option) + 1] for command in commands if option in command}
    assert packs == dict.fromkeys(judged, "policies")


def test_the_meshs_stack_is_left_alone_where_the_cas_own_stack_failed(rotated):
    done, commands = rotated(vault={"enabled": True, "stack": CA_STACK}, fails=CA_STACK)
    assert done.exit_code == 1
    assert [command[command.index("--stack") + 1] for command in commands if command[1] == "up"] == [CA_STACK]


def test_the_generation_of_the_ca_is_one_more_than_that_of_the_settings(rotated):
    _, commands = rotated(vault={**HERE, "generation": 4})
    (config,) = [command for command in commands if command[1] == "config"]
    assert "5" in config
