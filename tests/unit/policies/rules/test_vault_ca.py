"""The rule about the CA in Vault."""

import pytest

from policies.rules import protected_ca, vault_ca
from tests.support.policy_resources import changed, said


def requested(**changes) -> list[str]:
    return said(vault_ca.RULE, changed({"keyType": "ec", "keyBits": 256}, **changes), vault_ca.REQUEST)


def signed(**changes) -> list[str]:
    return said(vault_ca.RULE, changed({"ttl": "8760h", "maxPathLength": 0}, **changes), vault_ca.SIGNED)


def mounted(protect: bool, kind: str = "pki") -> list[str]:
    return said(protected_ca.RULE, {"type": kind, "path": "pki_int"}, protected_ca.MOUNT, protect)


def test_a_compliant_ca_passes():
    assert requested() == []
    assert signed() == []
    assert mounted(protect=True) == []


@pytest.mark.parametrize(
    ("changes", "key"), [({"keyBits": 224}, "ec-224"), ({"keyType": None, "keyBits": None}, "rsa-2048")]
)
def test_a_weak_key_is_refused(changes, key):
    (message,) = requested(**changes)
    assert message.startswith(f"the CA's key is {key}. Fix: set the vault settings")


@pytest.mark.parametrize("ttl", ["8761h", "366d", "31536001", "1h or more", "forever"])
def test_a_life_beyond_the_bound_is_refused(ttl):
    (message,) = signed(ttl=ttl)
    assert message.startswith(f"ttl {ttl} is longer than 8760h")


def test_a_ca_without_a_ttl_is_refused():
    assert signed(ttl=None)[0].startswith("ttl is not set")


@pytest.mark.parametrize("length", [1, -1, None])
def test_a_ca_that_may_sign_further_cas_is_refused(length):
    (message,) = signed(maxPathLength=length)
    assert f"maxPathLength is {-1 if length is None else length}: the CA could sign further CAs" in message
