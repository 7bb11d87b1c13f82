"""The settings of a CA without Vault."""

import pytest

from pi_mesh.settings import SettingsError, parse
from pi_mesh.settings.pulumi_config import plain_values
from tests.support import authorities
from tests.support.factories import make_settings, pulumi_config, raw_settings

ROOT = authorities.make_root()
SIGNING = authorities.make_ca("signing", ROOT)
CHAIN = SIGNING.pem + ROOT.pem
VAULT = {"enabled": True, "address": "https://vault.example"}
ISSUER = {"source": "issuer", "issuer": {"name": "pi"}}
KEY = {"pi-mesh:caKey": SIGNING.key}


def test_istiod_is_given_no_ca_unless_one_is_named():
    assert not make_settings().plugged_in


@pytest.mark.parametrize(
    "ca",
    [{"source": "pem", "chain": CHAIN}, {"source": "secret", "secret": "mine"}, ISSUER, {"alsoTrust": [ROOT.pem]}],
)
def test_a_ca_that_is_named_is_plugged_in(ca):
    assert make_settings(ca=ca).plugged_in


def test_an_issuer_that_only_gets_ready_to_sign_plugs_nothing_in():
    assert not make_settings(ca={"issuer": {"name": "pi"}}).plugged_in


@pytest.mark.parametrize(
    ("ca", "vault", "line"),
    [
        ({"source": "pem"}, {}, "ca: source: pem needs chain"),
        ({"source": "secret"}, {}, "ca: source: secret needs secret"),
        ({"source": "issuer"}, {}, "ca: source: issuer needs issuer"),
        ({"source": "issuer", "issuer": {"name": "Pi"}}, {}, "ca.issuer.name: 'Pi'"),
        ({"source": "issuer", "issuer": {"name": "pi", "ttl": "100h"}}, {}, "ca.issuer.ttl: '100h': is not more than"),
        (ISSUER, VAULT, "ca.source: issuer excludes Vault"),
        ({"source": "secret", "secret": "Mine"}, {}, "ca.secret: 'Mine'"),
        ({"source": "pem", "chain": CHAIN}, VAULT, "ca.source: pem excludes Vault"),
        ({"alsoTrust": [ROOT.pem]}, {**VAULT, "key": "internal"}, "ca.alsoTrust needs vault.key: exported"),
    ],
)
def test_settings_that_do_not_go_together_are_one_line(ca, vault, line):
    with pytest.raises(SettingsError, match=line):
        parse(raw_settings(ca=ca, vault=vault))


@pytest.mark.parametrize("ca", [{"source": "pem", "chain": CHAIN + SIGNING.key}, {"alsoTrust": [CHAIN + SIGNING.key]}])
def test_a_private_key_among_the_certificates_is_refused_without_being_repeated(ca):
    with pytest.raises(SettingsError, match="ca: contains a private key in plain text") as refused:
        parse(raw_settings(ca=ca))
    assert "BEGIN" not in str(refused.value)


def test_the_cas_key_in_plain_text_is_refused_without_being_repeated():
    with pytest.raises(SettingsError, match="caKey: is in plain text") as refused:
        plain_values(pulumi_config() | KEY)
    assert "BEGIN" not in str(refused.value)


@pytest.mark.parametrize(("value", "encrypted"), [(SIGNING.key, ["pi-mesh:caKey"]), ({"secure": "v1:x"}, [])])
def test_the_cas_key_in_encrypted_config_is_no_setting(value, encrypted):
    assert "caKey" not in plain_values({"pi-mesh:caKey": value}, encrypted)
