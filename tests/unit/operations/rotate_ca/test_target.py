"""The CA of Vault that a mesh changes to."""

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

ROOT, OTHER = authorities.make_root("root"), authorities.make_root("other")
SIGNING = authorities.make_ca("signing", OTHER)
MOUNT = RootOptions(root_mount="pki")


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


def test_from_another_mount_the_generation_is_counted_up(address, written):
    found = target(MOUNT, enabled=True, address=address, generation=3)
    assert found.root == OTHER.certificate
    assert not found.reached
    found.write()
    assert written == [("test", {"vault.rootMount": "pki", "vault.generation": "4"})]


def test_from_istiods_own_root_vault_is_switched_on_in_the_same_write(address, written):
    target(MOUNT, address=address).write()
    ((stack, values),) = written
    assert stack == "test"
    assert values == {
        "vault.rootMount": "pki",
        "vault.generation": "1",
        "vault.enabled": "true",
        "ca.source": "istiod",
    }


def test_the_settings_that_name_the_mount_already_are_left(address):
    assert target(MOUNT, enabled=True, address=address, rootMount="pki").reached


def test_where_the_ca_has_a_stack_of_its_own_that_one_is_written(address, written, monkeypatch):
    monkeypatch.setattr(
        rotate_ca_target.stacks,
        "load_any",
        lambda _: parse_any({"vault": {"enabled": True, "address": address, "rootMount": "pki_old"}}),
    )
    found = target(MOUNT, enabled=True, stack="org/pi-mesh/ca")
    assert found.owner == "org/pi-mesh/ca"
    found.write()
    assert written == [("org/pi-mesh/ca", {"vault.rootMount": "pki", "vault.generation": "2"})]


def test_what_a_root_outside_signed_is_put_beside_its_generation(tmp_path: Path, written):
    (tmp_path / "chain.pem").write_text(SIGNING.pem + OTHER.pem)
    outside = {"enabled": True, "address": "https://vault.example", "signedBy": "outside", "generation": 2}
    found = target(RootOptions(chain=tmp_path / "chain.pem"), **outside)
    assert found.root == OTHER.certificate
    found.write()
    values = {"vault.signed.generation": "2", "vault.signed.chain": SIGNING.pem + OTHER.pem}
    assert written == [("test", values)]


@pytest.mark.parametrize(
    ("vault", "line"),
    [
        ({}, "--root-mount goes with Vault"),
        ({"enabled": True, "address": "https://vault.example", "signedBy": "outside"}, "vault.signedBy is 'outside'"),
        ({"address": "https://127.0.0.1:9"}, "the new CA can't be used; vault.address https://127.0.0.1:9"),
    ],
)
def test_a_ca_of_vault_that_can_not_be_used_is_one_line(monkeypatch, vault, line):
    monkeypatch.setenv("VAULT_TOKEN", GOOD_TOKEN)
    with pytest.raises(UsageError) as refused:
        target(MOUNT, **vault)
    assert line in str(refused.value)


MINE = RootOptions(secret="mine")
HELD = {"type": "vault:index/mount:Mount", "urn": "urn:pulumi:test::pi-mesh::vault::mesh-ca-mount"}
HERE = {"enabled": True, "address": "https://vault.example"}


@pytest.fixture
def unprotected() -> list[str]:
    """Return a list that gets the URNs of the resources that the next `up` may delete."""
    return []


@pytest.fixture
def in_secret(monkeypatch, unprotected) -> Callable[..., Target]:
    """`in_secret(resources)`: the CA in a Secret that follows Vault's, whose stack's state holds these."""

    def run(*resources: dict, options: RootOptions = MINE, **settings: dict) -> Target:
        made = {"ca-cert.pem": SIGNING.pem, "ca-key.pem": SIGNING.key, "root-cert.pem": OTHER.pem}
        monkeypatch.setattr(mesh_ca, "read_signing_secret", lambda *_: made)
        state = {"deployment": {"resources": [*resources]}}
        monkeypatch.setattr(rotate_ca_target.pulumi, "export", lambda _: state)
        monkeypatch.setattr(rotate_ca_target.pulumi, "unprotect", lambda _, urn: unprotected.append(urn))
        return rotate_ca_target.named_ca("test", make_settings(**settings), options)

    return run


def test_vaults_ca_is_given_up_only_when_its_mount_is_not_protected_any_more(in_secret):
    with pytest.raises(UsageError) as refused:
        in_secret({**HELD, "protect": True}, vault=HERE)
    assert f"say so first: `pulumi state unprotect '{HELD['urn']}' -s test --yes`" in str(refused.value)


def test_a_ca_in_a_secret_takes_the_place_of_vaults_in_one_write(in_secret, written):
    in_secret(HELD, vault=HERE).write()
    assert written == [("test", {"ca.source": "secret", "ca.secret": "mine", "vault.enabled": "false"})]


def test_what_is_begun_goes_on_though_each_up_protects_the_mount_again(in_secret, written, unprotected):
    found = in_secret({**HELD, "protect": True}, vault=HERE, ca={"alsoTrust": [OTHER.pem]})
    assert unprotected == []
    found.write()
    assert unprotected == [HELD["urn"]]
    assert written[0][1]["vault.enabled"] == "false"


def test_the_ca_of_another_stack_is_left_to_that_stack(in_secret, written):
    in_secret({**HELD, "protect": True}, vault={"enabled": True, "stack": "org/pi-mesh/ca"}).write()
    assert written[0][1]["vault.enabled"] == "false"


def test_a_ca_by_an_issuer_takes_its_place_too(in_secret, written):
    found = in_secret(HELD, options=RootOptions(issuer=True), vault=HERE, ca={"issuer": {"name": "pi"}})
    assert found.root == OTHER.certificate
    found.write()
    assert written == [("test", {"ca.source": "issuer", "vault.enabled": "false"})]


def test_an_issuer_has_to_be_named_before_it_signs(in_secret):
    with pytest.raises(UsageError, match="which is not set; name cert-manager's Issuer"):
        in_secret(options=RootOptions(issuer=True))
