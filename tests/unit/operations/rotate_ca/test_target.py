"""The CA that a mesh changes to: of Vault, of a root outside, in a Secret, or by cert-manager."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from operations.failures import UsageError
from operations.rotate_ca import target as rotate_ca_target
from operations.rotate_ca.target import RootOptions, Target
from pi_mesh.cluster import mesh_ca
from pi_mesh.settings import parse_any
from tests.support import authorities
from tests.support.factories import make_settings
from tests.support.vault_server import GOOD_TOKEN, vault_server

OTHER = authorities.make_root("other")
SIGNING = authorities.make_ca("signing", OTHER)
MOUNT, MINE = RootOptions(root_mount="pki"), RootOptions(secret="mine")
HERE = {"enabled": True, "address": "https://vault.example"}
OUTSIDE = {**HERE, "signedBy": "outside"}
CA_STACK = "org/pi-mesh/ca"
ELSEWHERE = {"enabled": True, "stack": CA_STACK}
FROM_SECRET, FROM_ISSUER = {"ca.source": "secret", "ca.secret": "mine"}, {"ca.source": "issuer"}


@pytest.fixture
def address(monkeypatch) -> Iterator[str]:
    monkeypatch.setenv("VAULT_TOKEN", GOOD_TOKEN)
    with vault_server(OTHER.pem) as address:
        yield address


@pytest.fixture
def written(monkeypatch) -> list[tuple[str, dict[str, str]]]:
    """Return the values written into each stack's file."""
    calls: list[tuple[str, dict[str, str]]] = []
    monkeypatch.setattr(rotate_ca_target.pulumi, "set_all", lambda stack, values: calls.append((stack, values)))
    return calls


def target(options: RootOptions, **vault: object) -> Target:
    return rotate_ca_target.named_ca("test", make_settings(vault={"rootMount": "pki_old", **vault}), options)


@pytest.mark.parametrize(("vault", "reached", "values"), [
    pytest.param({"enabled": True, "generation": 3}, False, {"vault.generation": "4"}, id="from another mount"),
    pytest.param({}, False, {"vault.generation": "1", "vault.enabled": "true", "ca.source": "istiod"},
                 id="from istiod's own root vault is switched on in the same write"),
    pytest.param({"enabled": True, "rootMount": "pki"}, True, {"vault.generation": "2"}, id="settings that name it"),
])  # fmt: skip
def test_a_ca_at_another_mount_is_the_next_generation(address, written, vault, reached, values):
    named = target(MOUNT, address=address, **vault)
    assert (named.root, named.reached) == (OTHER.certificate, reached)
    named.write()
    assert written == [("test", {"vault.rootMount": "pki", **values})]


def test_where_the_ca_has_a_stack_of_its_own_that_one_is_written(address, written, monkeypatch):
    settings = parse_any({"vault": {"enabled": True, "address": address, "rootMount": "pki_old"}})
    monkeypatch.setattr(rotate_ca_target.stacks, "load_any", lambda _: settings)
    vault = target(MOUNT, **ELSEWHERE)
    vault.write()
    assert (vault.owner, written) == (CA_STACK, [(CA_STACK, {"vault.rootMount": "pki", "vault.generation": "2"})])


def test_what_a_root_outside_signed_is_put_beside_its_generation(tmp_path: Path, written):
    (tmp_path / "chain.pem").write_text(SIGNING.pem + OTHER.pem)
    outside = target(RootOptions(chain=tmp_path / "chain.pem"), **OUTSIDE, generation=2)
    assert outside.root == OTHER.certificate
    outside.write()
    assert written == [("test", {"vault.signed.generation": "2", "vault.signed.chain": SIGNING.pem + OTHER.pem})]


@pytest.mark.parametrize(("vault", "line"), [
    ({}, "--root-mount goes with Vault"),
    (OUTSIDE, "vault.signedBy is 'outside'"),
    ({"address": "https://127.0.0.1:9"}, "the new CA can't be used; vault.address https://127.0.0.1:9"),
])  # fmt: skip
def test_a_ca_of_vault_that_can_not_be_used_is_one_line(monkeypatch, vault, line):
    monkeypatch.setenv("VAULT_TOKEN", GOOD_TOKEN)
    with pytest.raises(UsageError) as refused:
        target(MOUNT, **vault)
    assert line in str(refused.value)


HELD = {"type": "vault:index/mount:Mount", "urn": "urn:pulumi:test::pi-mesh::vault::mesh-ca-mount"}
PROTECTED = {**HELD, "protect": True}
ISSUER = RootOptions(issuer=True)


@pytest.fixture
def unprotected() -> list[str]:
    """Return a list that gets the URNs of the resources that the next `up` may delete."""
    return []


@pytest.fixture
def in_secret(monkeypatch, unprotected) -> Callable[..., Target]:
    """`in_secret(resources)`: the CA in a Secret that follows Vault's, whose stack's state holds these."""

    def named(*resources: dict, options: RootOptions = MINE, **settings: dict) -> Target:
        files = {"ca-cert.pem": SIGNING.pem, "ca-key.pem": SIGNING.key, "root-cert.pem": OTHER.pem}
        monkeypatch.setattr(mesh_ca, "read_signing_secret", lambda *_: files)
        state = {"deployment": {"resources": [*resources]}}
        monkeypatch.setattr(rotate_ca_target.pulumi, "export", lambda _: state)
        monkeypatch.setattr(rotate_ca_target.pulumi, "unprotect", lambda _, urn: unprotected.append(urn))
        return rotate_ca_target.named_ca("test", make_settings(**settings), options)

    return named


def test_vaults_ca_is_given_up_only_when_its_mount_is_not_protected_any_more(in_secret):
    with pytest.raises(UsageError) as refused:
        in_secret(PROTECTED, vault=HERE)
    assert f"say so first: `pulumi state unprotect '{HELD['urn']}' -s test --yes`" in str(refused.value)


@pytest.mark.parametrize(("resource", "settings", "options", "ca", "freed"), [
    pytest.param(HELD, {"vault": HERE}, MINE, FROM_SECRET, [], id="a ca in a secret takes its place in one write"),
    pytest.param(PROTECTED, {"vault": HERE, "ca": {"alsoTrust": [OTHER.pem]}}, MINE, FROM_SECRET, [HELD["urn"]],
                 id="what is begun goes on though each up protects the mount again"),
    pytest.param(PROTECTED, {"vault": ELSEWHERE}, MINE, FROM_SECRET, [], id="the ca of another stack is left to it"),
    pytest.param(HELD, {"vault": HERE, "ca": {"issuer": {"name": "pi"}}}, ISSUER, FROM_ISSUER, [], id="by an issuer"),
])  # fmt: skip
def test_another_source_takes_vaults_place(in_secret, written, unprotected, resource, settings, options, ca, freed):
    named = in_secret(resource, options=options, **settings)
    assert (named.root, unprotected) == (OTHER.certificate, [])
    named.write()
    assert (written, unprotected) == ([("test", {**ca, "vault.enabled": "false"})], freed)


def test_an_issuer_has_to_be_named_before_it_signs(in_secret):
    with pytest.raises(UsageError, match="which is not set; name cert-manager's Issuer"):
        in_secret(options=ISSUER)
