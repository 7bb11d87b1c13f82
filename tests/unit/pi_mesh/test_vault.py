"""The requests to Vault before any change, and the one-line message for each problem."""

import socket

import pytest

from pi_mesh.settings.vault import VaultSettings
from pi_mesh.vault import VaultError, VaultNotAsked, read_signers
from tests.support.authorities import make_root
from tests.support.vault_server import GOOD_TOKEN, vault_server

ROOT, ABOVE = make_root().pem, make_root("above").pem


def ask(address: str, token: str | None = GOOD_TOKEN, **settings) -> str | None:
    return read_signers(VaultSettings(enabled=True, address=address, **settings), token)


def test_the_ca_that_will_sign_is_known_beforehand_and_its_signers_after_it():
    with vault_server(ROOT, chain=ROOT + ABOVE) as address:
        assert ask(address) == f"{ROOT}\n{ROOT}{ABOVE}"


@pytest.mark.parametrize("health", [501, 503])
def test_a_vault_that_tells_nothing_is_told_apart_from_one_that_says_no(health):
    with vault_server(ROOT, health) as address, pytest.raises(VaultNotAsked):
        ask(address)
    with vault_server() as address, pytest.raises(VaultError) as said_no:
        ask(address)
    assert not isinstance(said_no.value, VaultNotAsked)


def test_a_ca_outside_of_vault_leaves_no_root_to_ask_for():
    with vault_server() as address:
        assert ask(address, signed_by="outside") is None


@pytest.mark.parametrize(
    ("server", "token", "line"),
    [
        ({"health": 503}, GOOD_TOKEN, "is sealed; unseal it with `vault operator unseal`"),
        ({"health": 501}, GOOD_TOKEN, "is not initialized"),
        ({"health": 500}, GOOD_TOKEN, "sys/health answers 500"),
        ({"root": ROOT}, None, "there is no token"),
        ({"root": ROOT}, "wrong", "rejects the token"),
        ({"root": ""}, GOOD_TOKEN, "has no CA there"),
        ({}, GOOD_TOKEN, "vault.rootMount pki: Vault at .* has no CA there: it was wiped"),
    ],
)
def test_what_is_amiss_is_one_line_without_the_token(server, token, line):
    with vault_server(**server) as address, pytest.raises(VaultError, match=line) as problem:
        ask(address, token)
    assert "\n" not in str(problem.value)
    assert token is None or f" {token}" not in str(problem.value)


def test_a_standby_node_is_as_good_as_the_active_one():
    with vault_server(ROOT, health=429) as address:
        assert ask(address)


def test_a_vault_that_is_down_is_said_to_be_unreachable():
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        with pytest.raises(VaultError, match=r"can't be reached: .*; is Vault up"):
            ask(f"http://127.0.0.1:{nobody.getsockname()[1]}")


def test_a_ca_file_without_a_certificate_is_named(tmp_path):
    file = tmp_path / "ca.pem"
    file.write_text("no certificate")
    with pytest.raises(VaultError, match=r"vault\.caFile .*ca\.pem: contains no certificate in PEM form"):
        ask("https://127.0.0.1:1", ca_file=str(file))


def test_a_ca_file_that_is_missing_is_named():
    with pytest.raises(VaultError, match=r"vault\.caFile nowhere\.pem: this file does not exist"):
        ask("https://127.0.0.1:1", ca_file="nowhere.pem")
