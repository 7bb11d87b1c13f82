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


@pytest.mark.parametrize("ttl", ["8760h", "365d", "525600m", "31536000s", "31536000"])
def test_a_life_of_the_bound_passes_in_every_unit(ttl):
    assert signed(ttl=ttl) == []


def test_a_ca_without_a_ttl_is_refused():
    assert signed(ttl=None)[0].startswith("ttl is not set")


@pytest.mark.parametrize("length", [1, -1, None])
def test_a_ca_that_may_sign_further_cas_is_refused(length):
    (message,) = signed(maxPathLength=length)
    assert f"maxPathLength is {-1 if length is None else length}: the CA could sign further CAs" in message


KEY = {"keyType": "ec", "keyBits": 256}
LIFE = {"ttl": "8760h", "maxPathLength": 0}
BYPASSES = {
    "a date that comes before the ttl": (
        LIFE | {"notAfter": "9999-12-31T23:59:59Z"},
        vault_ca.SIGNED,
        "notAfter 9999-12-31T23:59:59Z comes before the ttl",
    ),
    "what the request asks for": (LIFE | {"useCsrValues": True}, vault_ca.SIGNED, "useCsrValues lets the request say"),
    "a ttl of nothing, which is the mount's": (LIFE | {"ttl": "0"}, vault_ca.SIGNED, "ttl is not set"),
    "a path length that is a text": (LIFE | {"maxPathLength": "0"}, vault_ca.SIGNED, "maxPathLength is a text, where"),
    "a path length that is true": (LIFE | {"maxPathLength": False}, vault_ca.SIGNED, "maxPathLength is true or false"),
    "bits that are a text": (KEY | {"keyBits": "256"}, vault_ca.REQUEST, "keyBits is a text, where a number belongs"),
    "bits that Vault chooses": (KEY | {"keyType": "rsa", "keyBits": 0}, vault_ca.REQUEST, "the CA's key is rsa-0"),
    "a key that is there already": (KEY | {"type": "existing"}, vault_ca.REQUEST, "type is existing: the key cannot"),
    "a key by its name": (KEY | {"keyRef": "old"}, vault_ca.REQUEST, "keyRef takes a key that cannot be judged"),
    "a key that another service holds": (
        KEY | {"managedKeyName": "kms"},
        vault_ca.REQUEST,
        "managedKeyName takes a key that cannot be judged",
    ),
    "a weak key by itself": ({"keyType": "rsa", "keyBits": 2048}, vault_ca.KEY, "the CA's key is rsa-2048"),
    "a root that Vault makes": (KEY | LIFE | {"ttl": "87600h"}, vault_ca.ROOT, "ttl 87600h is longer than 8760h"),
    "a CA that is imported": (
        {"backend": "pki", "pemBundle": "-----BEGIN"},
        vault_ca.IMPORTED,
        "the key of an imported CA has been outside of Vault, and cannot be judged",
    ),
    "a CA by its path": ({"path": "pki/root/sign-intermediate"}, vault_ca.ENDPOINT, "pki/root/sign-intermediate makes"),
    "a root by its path": (
        {"path": "pki/root/generate/internal"},
        vault_ca.ENDPOINT,
        "pki/root/generate/internal makes a CA where its key and life cannot be judged",
    ),
}


@pytest.mark.parametrize("case", BYPASSES)
def test_no_way_leads_past_the_judgement_of_the_ca(case):
    *given, words = BYPASSES[case]
    (message,) = said(vault_ca.RULE, *given)
    assert words in message


def test_a_bound_that_is_no_duration_is_refused_too():
    (message,) = said(vault_ca.RULE, LIFE, vault_ca.SIGNED, longestLife="1 year")
    assert message.startswith("longestLife 1 year in the policy config is no duration")


def test_other_paths_of_vault_pass():
    assert said(vault_ca.RULE, {"path": "kv/data/roots"}, vault_ca.ENDPOINT) == []
