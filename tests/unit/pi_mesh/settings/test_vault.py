"""The settings of the CA in Vault: valid combinations, and refusals with their path."""

from datetime import timedelta

import pytest

from pi_mesh.certificates.chains import TOO_LATE
from pi_mesh.settings import CaSettings, Settings, SettingsError, parse_any
from pi_mesh.settings.vault import TOO_SHORT
from tests.support.authorities import make_root
from tests.support.factories import make_settings, raw_settings

HERE = {"enabled": True, "address": "https://vault.example:8200"}
OUTSIDE = {**HERE, "signedBy": "outside"}
INTERNAL = {"key": "internal"}
CHAIN = make_root().pem


def test_vault_is_off_unless_asked_for():
    vault = make_settings().vault
    assert not vault.enabled
    assert not vault.here
    assert not vault.signs


def test_the_roles_values_are_the_defaults():
    vault = make_settings(vault=HERE).vault
    assert (vault.namespace, vault.mount, vault.common_name, vault.ttl) == (
        "vault",
        "pki_int",
        "Istio Intermediate CA",
        "8760h",
    )


def test_the_key_is_exported_unless_asked_otherwise_and_internal_only_when_the_ca_is_signed():
    assert make_settings(vault=HERE).vault.key == "exported"
    assert not make_settings(vault=HERE).vault.external_signer
    assert make_settings(vault={**HERE, **INTERNAL}).vault.external_signer
    assert not make_settings(vault={**OUTSIDE, **INTERNAL}).vault.external_signer


def test_a_stack_with_vault_alone_makes_the_ca_and_nothing_else():
    assert isinstance(parse_any({"vault": HERE}), CaSettings)
    assert isinstance(parse_any(raw_settings(vault=HERE)), Settings)


def test_istiod_keeps_its_own_root_until_a_ca_outside_has_signed():
    assert not make_settings(vault=OUTSIDE).vault.signs
    assert make_settings(vault={**OUTSIDE, "signed": {"generation": 1, "chain": CHAIN}}).vault.signs


@pytest.mark.parametrize(
    ("vault", "line"),
    [
        ({"enabled": True}, "vault: needs either address"),
        ({**HERE, "stack": "me/pi-mesh/ca"}, "vault: needs either address"),
        ({"enabled": True, "stack": "ca"}, "vault.stack: 'ca'"),
        ({**HERE, "address": "vault.example"}, "vault.address: 'vault.example'"),
        (
            {**HERE, "address": "https://vault.example:a"},
            "vault.address: 'https://vault.example:a': is not a host with a port",
        ),
        ({**HERE, "address": "https://[::1"}, "vault.address: 'https://[::1': is not a host with a port"),
        ({**HERE, "ttl": "1yr"}, "vault.ttl: '1yr'"),
        ({**HERE, "mount": "/pki_int"}, "vault.mount: '/pki_int'"),
        ({**HERE, "generation": 0}, "vault.generation: 0"),
        ({**HERE, "signed": {"generation": 1, "chain": CHAIN}}, "vault: signed needs signedBy: outside"),
        ({**OUTSIDE, "signed": {"generation": 2, "chain": CHAIN}}, "signed.generation 2 is above generation 1"),
        ({**HERE, "alsoTrust": ["no certificate"]}, "vault.alsoTrust[0]: 'no certificate'"),
        ({**HERE, "token": "t"}, "vault.token: is not a setting"),
        ({"enabled": True, "stack": "me/pi-mesh/ca", **INTERNAL}, "vault: key: internal needs address"),
        ({**HERE, **INTERNAL, "alsoTrust": [CHAIN]}, "vault: key: internal cannot change its root"),
        ({**HERE, **INTERNAL, "certManager": {"version": "1.21.2"}}, "vault.certManager.version: '1.21.2'"),
        ({**HERE, **INTERNAL, "certManager": {"namespace": "trading"}}, "vault.certManager.namespace is 'trading'"),
    ],
)
def test_settings_that_do_not_go_together_are_refused_with_their_path(vault, line):
    with pytest.raises(SettingsError) as refusal:
        parse_any(raw_settings(vault=vault))
    assert line in str(refusal.value)


@pytest.mark.parametrize(
    ("vault", "line"),
    [
        ({}, "needs vault.enabled and vault.address"),
        ({"enabled": True, "stack": "me/pi-mesh/ca"}, "needs vault.enabled and vault.address"),
        ({**HERE, "alsoTrust": [CHAIN]}, "vault.alsoTrust belongs in the mesh's stack"),
        ({**HERE, **INTERNAL}, "vault.key: internal belongs in the mesh's stack"),
    ],
)
def test_a_ca_stack_that_makes_no_ca_is_refused(vault, line):
    with pytest.raises(SettingsError, match=line):
        parse_any({"vault": vault})


@pytest.mark.parametrize(
    "vault",
    [
        {**HERE, "address": "http://vault.example:8200"},
        {**HERE, **INTERNAL, "certManager": {"address": "http://vault.example:8200"}},
    ],
    ids=["the program", "cert-manager"],
)
def test_plain_http_to_another_machine_is_known(vault):
    assert [*make_settings(vault=vault).vault.plain_http()]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
def test_plain_http_on_this_machine_is_taken(host):
    assert [*make_settings(vault={**HERE, "address": f"http://{host}:8200"}).vault.plain_http()] == []


def test_plain_http_is_taken_where_the_owner_says_so_and_where_nobody_uses_it():
    plain = {**HERE, "address": "http://vault.example:8200"}
    for vault in ({**plain, "allowHttp": True}, {**plain, "enabled": False}):
        assert [*make_settings(vault=vault).vault.plain_http()] == []


def test_cert_managers_own_way_to_a_vault_of_plain_http_is_known_too():
    vault = make_settings(vault={**HERE, **INTERNAL, "address": "http://127.0.0.1:8200"}).vault
    assert [*vault.plain_http()] == [("certManager.address", "http://vault.vault.svc:8200")]


def test_a_life_beyond_all_bounds_is_refused():
    with pytest.raises(SettingsError, match=r"vault\.ttl"):
        parse_any(raw_settings(vault={**HERE, "ttl": "9" * 20 + "h"}))


def test_the_shortest_life_is_the_one_at_which_a_ca_is_refused():
    assert timedelta(hours=TOO_SHORT) == TOO_LATE
    assert parse_any(raw_settings(vault={**HERE, "ttl": f"{TOO_SHORT + 1}h"})).vault.ttl == "169h"


def test_a_life_that_is_too_short_to_be_used_is_refused():
    with pytest.raises(SettingsError, match=r"vault\.ttl"):
        parse_any(raw_settings(vault={**HERE, "ttl": "100h"}))
