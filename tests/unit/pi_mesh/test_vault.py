"""The requests to Vault before any change, and the one-line message for each problem."""

import socket

import pytest

from pi_mesh.settings.vault import VaultSettings
from pi_mesh.vault import VaultError, VaultNotAsked, read_signers, unavailable
from tests.support.authorities import make_root
from tests.support.findings import case, table
from tests.support.vault_server import GOOD_TOKEN, vault_server

ROOT, ABOVE = make_root().pem, make_root("above").pem


def ask(address: str, token: str | None = GOOD_TOKEN, **settings) -> str | None:
    return read_signers(VaultSettings(enabled=True, address=address, **settings), token)


@table(
    case("the CA that signs, then its signers", {"chain": ROOT + ABOVE}, {}, f"{ROOT}\n{ROOT}{ABOVE}"),
    case("a standby node is as good as the active one", {"health": 429}, {}, f"{ROOT}\n{ROOT}"),
    case("a CA outside of Vault leaves no root to ask for", {}, {"signed_by": "outside"}, None),
)
def test_the_ca_that_will_sign_is_known_beforehand_and_its_signers_after_it(server, settings, signers):
    with vault_server(ROOT, **server) as address:
        assert ask(address, **settings) == signers


@table(
    ({"health": 503}, GOOD_TOKEN, VaultNotAsked, "is sealed; unseal it with `vault operator unseal`"),
    ({"health": 501}, GOOD_TOKEN, VaultNotAsked, "is not initialized"),
    ({"health": 500}, GOOD_TOKEN, VaultNotAsked, "sys/health answers 500"),
    ({"root": ROOT}, None, VaultNotAsked, "there is no token"),
    ({"root": ROOT}, "wrong", VaultNotAsked, "rejects the token"),
    ({"root": ""}, GOOD_TOKEN, VaultError, "has no CA there"),
    ({}, GOOD_TOKEN, VaultError, "vault.rootMount pki: Vault at .* has no CA there: it was wiped"),
)
def test_what_is_amiss_is_one_line_without_the_token_and_no_answer_is_told_from_a_refusal(server, token, error, line):
    with vault_server(**server) as address, pytest.raises(VaultError, match=line) as problem:
        ask(address, token)
    assert problem.type is error
    assert "\n" not in str(problem.value)
    assert token is None or f" {token}" not in str(problem.value)


@pytest.mark.parametrize(("health", "reason"), [(200, ""), (503, "Vault is sealed; unseal it with")])
def test_that_vault_can_sign_is_asked_without_a_token(health, reason):
    with vault_server(health=health) as address:
        told = unavailable(VaultSettings(enabled=True, address=address))
    assert (reason in told, bool(told)) == (True, bool(reason))


def test_a_vault_that_is_down_is_said_to_be_unreachable():
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        with pytest.raises(VaultError, match=r"can't be reached: .*; is Vault up"):
            ask(f"http://127.0.0.1:{nobody.getsockname()[1]}")


@table(("none", "contains no certificate in PEM"), (None, "this file does not"))
def test_a_ca_file_that_is_missing_or_holds_no_certificate_is_named(tmp_path, content, line):
    file = tmp_path / "ca.pem"
    if content:
        file.write_text(content)
    with pytest.raises(VaultError, match=rf"vault\.caFile .*ca\.pem: {line}"):
        ask("https://127.0.0.1:1", ca_file=str(file))
