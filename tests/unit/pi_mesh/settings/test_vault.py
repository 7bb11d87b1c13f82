"""The settings of the CA in Vault: valid combinations, and refusals with their path."""

from datetime import timedelta

from pi_mesh.certificates.chains import TOO_LATE
from pi_mesh.settings import CaSettings, Settings, parse_any
from pi_mesh.settings.vault import TOO_SHORT, VaultSettings
from tests.support.authorities import make_root
from tests.support.factories import make_settings, raw_settings
from tests.support.findings import table
from tests.support.refusals import refusal, refusals

HERE = {"enabled": True, "address": "https://vault.example:8200"}
OUTSIDE = {**HERE, "signedBy": "outside"}
INTERNAL = {**HERE, "key": "internal"}
ELSEWHERE = {"enabled": True, "stack": "me/pi-mesh/ca"}
PLAIN = {**HERE, "address": "http://vault.example:8200"}
CHAIN = make_root().pem
SIGNED = {"generation": 1, "chain": CHAIN}
NO_PORT = "is not a host with a port"
OWN_WAY = [("certManager.address", "http://vault.vault.svc:8200")]


def vault(**settings: object) -> VaultSettings:
    return make_settings(vault=settings).vault


def test_the_roles_values_are_the_defaults():
    given = vault(**HERE)
    names = (given.namespace, given.mount, given.common_name, given.ttl, given.key)
    assert names == ("vault", "pki_int", "Istio Intermediate CA", "8760h", "exported")


@table(
    (HERE, False, True),
    (INTERNAL, True, True),
    ({**OUTSIDE, "key": "internal"}, False, False),
    (OUTSIDE, False, False),
    ({**OUTSIDE, "signed": SIGNED}, False, True),
)
def test_istiod_keeps_its_root_until_a_ca_outside_has_signed_for_an_internal_key_too(settings, external, signs):
    assert (vault(**settings).external_signer, vault(**settings).signs) == (external, signs)


def test_a_stack_with_vault_alone_makes_the_ca_and_nothing_else():
    assert isinstance(parse_any({"vault": HERE}), CaSettings)
    assert isinstance(parse_any(raw_settings(vault=HERE)), Settings)


@table(
    ({"enabled": True}, "vault: needs one of address"),
    ({**HERE, "stack": "me/pi-mesh/ca"}, "vault: needs one of address"),
    ({"enabled": True, "stack": "ca"}, "vault.stack: 'ca'"),
    ({**HERE, "address": "vault.example"}, "vault.address: 'vault.example'"),
    ({**HERE, "address": "https://vault:a"}, f"vault.address: 'https://vault:a': {NO_PORT}"),
    ({**HERE, "address": "https://[::1"}, f"vault.address: 'https://[::1': {NO_PORT}"),
    ({**HERE, "ttl": "1yr"}, "vault.ttl: '1yr'"),
    ({**HERE, "ttl": "100h"}, "vault.ttl"),
    ({**HERE, "ttl": "9" * 20 + "h"}, "vault.ttl"),
    ({**HERE, "mount": "/pki_int"}, "vault.mount: '/pki_int'"),
    ({**HERE, "generation": 0}, "vault.generation: 0"),
    ({**HERE, "signed": SIGNED}, "vault: signed needs signedBy: outside"),
    ({**OUTSIDE, "signed": {**SIGNED, "generation": 2}}, "vault: signed.generation 2 is above generation 1"),
    ({**HERE, "alsoTrust": ["no certificate"]}, "vault.alsoTrust[0]: 'no certificate'"),
    ({**HERE, "token": "t"}, "vault.token: is not a setting"),
    ({**ELSEWHERE, "key": "internal"}, "vault: key: internal needs address"),
    ({**INTERNAL, "alsoTrust": [CHAIN]}, "vault: key: internal cannot change its root"),
    ({**INTERNAL, "certManager": {"version": "1.21.2"}}, "vault.certManager.version: '1.21.2'"),
    ({**INTERNAL, "certManager": {"namespace": "trading"}}, "vault.certManager.namespace is 'trading'"),
)
def test_settings_that_do_not_go_together_are_refused_with_their_path(settings, line):
    assert refusal(vault=settings).startswith(line)


@table(
    ({}, "needs vault.enabled and vault.address"),
    (ELSEWHERE, "needs vault.enabled and vault.address"),
    ({**HERE, "alsoTrust": [CHAIN]}, "vault.alsoTrust belongs in the mesh's stack"),
    (INTERNAL, "vault.key: internal belongs in the mesh's stack"),
)
def test_a_ca_stack_that_makes_no_ca_is_refused(settings, words):
    assert words in "; ".join(refusals({"vault": settings}))


@table(
    (PLAIN, [("address", "http://vault.example:8200")]),
    ({**INTERNAL, "certManager": {"address": "http://vault:8200"}}, [("certManager.address", "http://vault:8200")]),
    ({**INTERNAL, "address": "http://127.0.0.1:8200"}, OWN_WAY),
    ({**HERE, "address": "http://127.0.0.1:8200"}, []),
    ({**HERE, "address": "http://localhost:8200"}, []),
    ({**HERE, "address": "http://[::1]:8200"}, []),
    ({**PLAIN, "allowHttp": True}, []),
    ({**PLAIN, "enabled": False}, []),
)
def test_plain_http_to_another_machine_is_known_unless_the_owner_allows_it_or_nobody_uses_it(settings, plain):
    assert [*vault(**settings).plain_http()] == plain


def test_the_shortest_life_is_the_one_at_which_a_ca_is_refused():
    assert timedelta(hours=TOO_SHORT) == TOO_LATE
    assert vault(**HERE, ttl=f"{TOO_SHORT + 1}h").ttl == "169h"
