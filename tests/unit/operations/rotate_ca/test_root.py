"""The command `rotate-ca --root`: three steps with fast or slow proxies, killed anywhere, and run again."""

import json
from collections.abc import Callable, Sequence
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from typer.testing import Result

from operations.pulumi import PulumiFailed
from operations.rotate_ca import root
from pi_mesh.certificates import bundle
from pi_mesh.checks.root_trust import RootUse
from pi_mesh.cluster import mesh_ca
from pi_mesh.cluster.certificates_in_use import ProxyTrust
from pi_mesh.cluster.mesh_ca import Authority
from pi_mesh.settings import Settings, parse_any
from tests.support.authorities import NOW, make_ca, make_root
from tests.support.authorities import Authority as Ca
from tests.support.command_line import run_command
from tests.support.factories import ALWAYS, make_settings

OWN, A, B, OTHER = make_root("istiod's own"), make_root("A"), make_root("B"), make_root("another mesh's")
CAS = {OWN.pem: OWN, A.pem: make_ca("CA of A", A), B.pem: make_ca("CA of B", B)}
"""The CA by its root."""
CHAINS = {root: ca.pem + (root if ca.pem != root else "") for root, ca in CAS.items()}
GOING_ON = root.error("obstacle", root.Subject("stack", "test"), "a run", "wait")
NOTES = {"urn:pulumi:test::pi-mesh::kubernetes:core/v1:ConfigMap::notes": "create"}


class Killed(Exception):
    """The end of the process."""


@cache
def parsed(ca: str, trading: str) -> Settings:
    return make_settings(ca=json.loads(ca), trading=json.loads(trading))


class World:
    """A stack file, a cluster that `up` changes, and proxies that follow at once unless they are slow."""

    def __init__(self, signer: Ca, *others: Ca) -> None:
        """Let this CA sign, and the roots of others be trusted too."""
        self.ca: dict = {} if signer is OWN else {"source": "pem", "chain": CHAINS[signer.pem]}
        self.ca |= {"alsoTrust": [other.pem for other in others]} if others else {}
        self.key = ""
        self.signer, self.roots = signer, (signer, *others)
        self.follows, self.silent = True, False
        self.follow()
        self.trading: dict = {}
        self.ups: list[str] = []
        self.cleared: list[str] = []
        self.writes = 0
        self.dies_at = -1

    def settings(self, _: str = "") -> Settings:
        return parsed(json.dumps(self.ca), json.dumps(self.trading))

    def _write(self) -> None:
        """Count a write; the process may end just before it."""
        if self.writes == self.dies_at:
            self.dies_at = -1
            raise Killed
        self.writes += 1

    def set_all(self, _: str, values: dict[str, str]) -> None:
        self._write()
        for path, value in values.items():
            name = path.removeprefix("ca.")
            if name.startswith("alsoTrust["):
                trusted = self.ca.setdefault("alsoTrust", [])
                place = int(name.removeprefix("alsoTrust[").rstrip("]"))
                assert place <= len(trusted)
                trusted[place : place + 1] = [value]
            else:
                self.ca[name] = value

    def set_secret(self, _: str, key: str, value: str) -> None:
        self._write()
        assert key == "caKey"
        self.key = value

    def remove_config(self, _: str, path: str) -> None:
        self._write()
        name, _, place = path.removeprefix("ca.").rstrip("]").partition("[")
        holder, key = (self.ca[name], int(place)) if place else (self.ca, name)
        del holder[key]

    def up(self, _: str, judged: bool) -> None:  # noqa: ARG002 - as the operation calls it
        self._write()
        settings = self.settings()
        root = next((ca for ca in (A, B) if settings.ca.source == "pem" and ca.pem in str(settings.ca.chain)), OWN)
        if root is B:
            assert bundle.verified_bundle(CHAINS[B.pem], self.key, (), NOW)
        trusted = tuple(ca for ca in (OWN, A, B, OTHER) if ca is root or ca.pem in "".join(settings.also_trust))
        self._nobody_is_cut_off(root, trusted)
        self.signer, self.roots = root, trusted
        self.ups.append(f"{_name(root)} signs, {'+'.join(map(_name, trusted))} trusted")
        if self.follows:
            self.follow()

    def _nobody_is_cut_off(self, root: Ca, trusted: tuple[Ca, ...]) -> None:
        """Assert that the proxy trusts the signing CA, and that the holders of its certificates trust the proxy."""
        assert root.certificate in self.proxy.roots, f"{_name(root)} signs, and the proxy does not trust it"
        held = next(ca for ca in CAS if CAS[ca].certificate in self.proxy.chain)
        assert held in [ca.pem for ca in trusted], "the root of the proxy's certificate is trusted no more"

    def follow(self) -> None:
        roots = tuple(ca.certificate for ca in self.roots)
        chain = make_ca("leaf", CAS[self.signer.pem], ca=False).certificate, CAS[self.signer.pem].certificate
        self.proxy = ProxyTrust("trading/app", roots=roots, chain=chain)

    def live(self, *_: object) -> Authority:
        roots = "".join(ca.pem for ca in self.roots)
        if not self.ups and self.signer is OWN:
            return Authority(roots)
        signing = CAS[self.signer.pem].pem
        return Authority(roots, {"ca-cert.pem": signing, "cert-chain.pem": signing, "root-cert.pem": roots}, ours=True)

    def use(self, *_: object) -> RootUse:
        told = ProxyTrust("trading/app", problem="no answer") if self.silent else self.proxy
        return RootUse((told,), {"istiod-1": self.proxy.chain[0]}, self.proxy.chain[1:])


def _name(ca: Ca) -> str:
    return {OWN.pem: "own", A.pem: "A", B.pem: "B", OTHER.pem: "other"}[ca.pem]


@pytest.fixture
def run(monkeypatch, tmp_path: Path) -> Callable[..., Result]:
    """Return `run(world)`: run the command, from any CA to B."""
    (tmp_path / "chain.pem").write_text(CHAINS[B.pem])
    (tmp_path / "key.pem").write_text(CAS[B.pem].key)
    to_b = ("--chain", str(tmp_path / "chain.pem"), "--key", str(tmp_path / "key.pem"))

    def command(world: World, to: Sequence[str] = to_b, consent: str = "--yes", **found: Any) -> Result:
        for name in ("set_all", "set_secret", "remove_config", "up"):
            monkeypatch.setattr(root.pulumi, name, getattr(world, name))
        monkeypatch.setattr(root.pulumi, "pending", lambda *_: found.get("pending", {}))
        monkeypatch.setattr(root.stacks, "load", world.settings)
        monkeypatch.setattr(root.stacks, "load_any", world.settings)
        monkeypatch.setattr(mesh_ca, "read_authority", world.live)
        monkeypatch.setattr(root.observed_state, "read", lambda *_: None)
        monkeypatch.setattr(root.plan, "processes_and_locks", lambda _: found.get("left", ()))
        monkeypatch.setattr(root.plan, "find_obstacle", lambda _: found.get("obstacle"))
        monkeypatch.setattr(root.plan, "carry_out", lambda *_, **__: world.cleared.extend(found["left"]) or [])
        monkeypatch.setattr(root.root_trust, "read_root_use", world.use)
        monkeypatch.setattr("pi_mesh.waiting.time", Mock(monotonic=count(0, 0.5).__next__))
        return run_command("rotate-ca", "-s", "test", "--json", "--root", "--wait", "1", consent, *to)

    return command


LAST = "B signs, B trusted"
STEPS = {
    OWN.pem: ["own signs, own+B trusted", "B signs, own+B trusted", LAST],
    A.pem: ["A signs, A+B trusted", "B signs, A+B trusted", LAST],
}


@pytest.mark.parametrize("first", [OWN, A], ids=["istiods own", "another"])
def test_another_root_comes_in_three_steps(run, first):
    world = World(first)
    done = run(world)
    assert (done.exit_code, world.ups) == (0, STEPS[first.pem]), done.output
    assert world.ca == {"source": "pem", "chain": CHAINS[B.pem]}
    assert json.loads(done.stdout)["verdict"] == "stack test: the rotation of the mesh's CA has no problem"


@pytest.mark.parametrize("roots", [(OWN,), (A,), (A, OTHER)], ids=["istiods own", "another", "beside another mesh's"])
def test_killed_before_any_of_its_writes_the_same_command_goes_on_and_loses_no_root_of_another_mesh(run, roots):
    for at in count():
        world = World(*roots)
        others = world.ca.get("alsoTrust", [])
        world.dies_at = at
        run(world)
        is_over = world.dies_at == at  # it never came so far
        for _ in range(2):  # the same command also after its end
            assert world.ca.get("alsoTrust", [])[: len(others)] == others
            done = run(world)
            assert done.exit_code == 0, done.output
        assert (world.signer, world.roots, world.ca.get("alsoTrust", [])) == (B, (B, *roots[1:]), others)
        if is_over:
            assert at > len(STEPS[roots[0].pem])
            return


def test_a_root_beside_that_of_another_mesh_in_one_text_is_trusted_no_more(run):
    world = World(A)
    world.ca["alsoTrust"] = [OTHER.pem + A.pem]
    assert (run(world).exit_code, world.ca["alsoTrust"]) == (0, [OTHER.pem])


def test_trading_that_has_begun_stops_the_change_before_its_next_step(run):
    world = World(A)
    up = world.up

    def opened(stack: str, judged: bool) -> None:
        up(stack, judged)
        world.trading = {"hours": ALWAYS}

    world.up = opened
    done = run(world)
    assert (done.exit_code, world.ups) == (1, STEPS[A.pem][:1])
    assert "rotate-ca changes the root, and trading goes on until" in done.stdout


@pytest.mark.parametrize(("consent", "obstacle", "status", "cleared"), [
    pytest.param("--yes", None, 0, ["a lock"], id="with a yes"),
    pytest.param("--yes", GOING_ON, 1, [], id="unless a run is going on"),
    pytest.param("--json", None, 1, [], id="not without a yes"),
    pytest.param("--dry-run", None, 0, [], id="not in a dry run"),
])  # fmt: skip
def test_what_a_killed_run_left_is_cleared_before_the_first_write(run, consent, obstacle, status, cleared):
    world = World(A)
    done = run(world, consent=consent, left=["a lock"], obstacle=obstacle)
    assert (done.exit_code, world.cleared, bool(world.writes)) == (status, cleared, bool(cleared)), done.output


@pytest.mark.parametrize("silent", [False, True])
def test_nothing_is_signed_under_the_new_root_while_a_proxy_does_not_trust_it_or_can_not_be_asked(run, silent):
    world = World(A)
    world.follows, world.silent = silent, silent
    done = run(world)
    assert (done.exit_code, world.ups) == (1, STEPS[A.pem][:1])
    (error,) = [finding for finding in json.loads(done.stdout)["findings"] if finding["level"] == "error"]
    assert "not all trust 'A'" in error["message"]
    assert ("trading/app (no answer)" if silent else "trading/app") in error["message"]
    assert ("UTC at the latest" in error["fix"]) is not silent


def test_the_old_root_stays_while_a_proxy_holds_a_certificate_of_it(run):
    world = World(A, B)
    world.follows = False
    done = run(world)
    assert (done.exit_code, world.ups) == (1, STEPS[A.pem][:2])
    assert "not all certificates are of 'B'" in done.stdout
    world.follow()
    world.follows = True
    assert (run(world).exit_code, world.roots) == (0, (B,))


def test_where_the_new_root_signs_the_last_step_is_planned_and_taken_without_being_told_which(run):
    world = World(A, B)
    world.dies_at = 5
    run(world)
    assert world.signer is B
    (planned,) = json.loads(run(world, to=(), consent="--dry-run").stdout)["findings"]
    assert planned["message"].startswith("would be changed: step 3 of 3: 'A'")
    assert (run(world, to=()).exit_code, world.roots) == (0, (B,))


@pytest.mark.parametrize(("signer", "ca", "pending", "status", "line"), [
    pytest.param(B, {}, {}, 0, "trusts the root of its CA, and no other", id="a change that is done is done"),
    pytest.param(A, {"chain": CHAINS[B.pem]}, {}, 2, "put the settings of the CA under 'A'",
                 id="settings that name the new CA before anybody trusts it are refused"),
    pytest.param(A, {}, NOTES, 1, "besides the CA that are not applied yet: create notes",
                 id="nothing is begun while anything but the CA would change"),
])  # fmt: skip
def test_a_change_that_is_done_or_can_not_begin_writes_nothing(run, signer, ca, pending, status, line):
    world = World(signer)
    world.ca |= ca
    done = run(world, pending=pending)
    assert (done.exit_code, world.writes, line in done.output) == (status, 0, True)


def test_an_up_that_fails_ends_the_command_with_what_to_do(run):
    world = World(A)
    world.up = Mock(side_effect=PulumiFailed("pulumi up", "failed", "look"))
    done = run(world)
    assert (done.exit_code, "then run the same command again: it goes on from here" in done.stdout) == (1, True)


@pytest.mark.parametrize(("to", "line"), [
    ((), "--root needs to know the new CA"),
    (("--secret", "one", "--root-mount", "two"), "--root needs to know the new CA"),
    (("--key", "key.pem"), "--root needs to know the new CA"),
    (("--secret", "one", "--key", "key.pem"), "--key goes with --chain"),
    (("--chain", "/nowhere"), "--chain needs --key"),
    (("--chain", "/nowhere", "--key", "/nowhere"), "/nowhere can't be read"),
    (("--root-mount", "pki"), "--root-mount goes with Vault"),
    (("--secret", "mine"), "the key does not belong to the certificate 'CA of B'"),
])  # fmt: skip
def test_options_that_name_no_usable_ca_are_one_line_of_status_2(run, monkeypatch, to, line):
    files = {"ca-cert.pem": CAS[B.pem].pem, "ca-key.pem": make_ca("another", B).key, "root-cert.pem": B.pem}
    monkeypatch.setattr(mesh_ca, "read_signing_secret", lambda *_: files)
    world = World(A)
    done = run(world, to=to)
    assert (done.exit_code, world.writes, line in done.stderr) == (2, 0, True), done.output


def test_a_new_ca_without_root_is_refused():
    assert run_command("rotate-ca", "-s", "test", "--root-mount", "pki").exit_code == 2


def test_the_cas_own_stack_has_no_proxies_to_ask(monkeypatch):
    alone = parse_any({"vault": {"enabled": True, "address": "https://vault.example"}})
    monkeypatch.setattr(root.stacks, "load_any", lambda _: alone)
    done = run_command("rotate-ca", "-s", "ca", "--root", "--root-mount", "pki")
    assert (done.exit_code, "name the mesh's stack with --root" in done.stderr) == (2, True)
