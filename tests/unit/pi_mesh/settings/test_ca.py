"""The settings of a CA without Vault."""

from tests.support import authorities
from tests.support.factories import make_settings
from tests.support.findings import case, table
from tests.support.refusals import refusal

ROOT = authorities.make_root()
SIGNING = authorities.make_ca("signing", ROOT)
CHAIN = SIGNING.pem + ROOT.pem
VAULT = {"enabled": True, "address": "https://vault.example"}
ISSUER = {"source": "issuer", "issuer": {"name": "pi"}}


@table(
    case("none is named", {}, False),
    case("an issuer only gets ready to sign", {"issuer": {"name": "pi"}}, False),
    ({"source": "pem", "chain": CHAIN}, True),
    ({"source": "secret", "secret": "mine"}, True),
    (ISSUER, True),
    ({"alsoTrust": [ROOT.pem]}, True),
)
def test_a_ca_that_is_named_is_plugged_in(ca, plugged_in):
    assert make_settings(ca=ca).plugged_in is plugged_in


@table(
    ({"source": "pem"}, {}, "ca: source: pem needs chain"),
    ({"source": "secret"}, {}, "ca: source: secret needs secret"),
    ({"source": "issuer"}, {}, "ca: source: issuer needs issuer"),
    ({"source": "issuer", "issuer": {"name": "Pi"}}, {}, "ca.issuer.name: 'Pi'"),
    ({"source": "issuer", "issuer": {"name": "pi", "ttl": "100h"}}, {}, "ca.issuer.ttl: '100h': is not more than"),
    (ISSUER, VAULT, "ca.source: issuer excludes Vault"),
    ({"source": "secret", "secret": "Mine"}, {}, "ca.secret: 'Mine'"),
    ({"source": "pem", "chain": CHAIN}, VAULT, "ca.source: pem excludes Vault"),
    ({"alsoTrust": [ROOT.pem]}, {**VAULT, "key": "internal"}, "ca.alsoTrust needs vault.key: exported"),
    ({"source": "pem", "chain": CHAIN + SIGNING.key}, {}, "ca: contains a private key in plain text"),
    ({"alsoTrust": [CHAIN + SIGNING.key]}, {}, "ca: contains a private key in plain text"),
)
def test_settings_that_do_not_go_together_are_one_line_without_a_key(ca, vault, line):
    refused = refusal(ca=ca, vault=vault)
    assert refused.startswith(line)
    assert "BEGIN" not in refused
