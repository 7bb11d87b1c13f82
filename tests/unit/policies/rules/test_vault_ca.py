"""The rule about the CA in Vault."""

import pytest

from policies.rules import vault_ca
from policies.rules.vault_ca import ENDPOINT, IMPORTED, REQUEST, ROOT, SIGNED
from tests.support.policy_resources import changed, said

KEY = {"keyType": "ec", "keyBits": 256}
LIFE = {"ttl": "8760h", "maxPathLength": 0}
UNJUDGED = "takes a key that cannot be judged"
BY_PATH = "makes a CA where its key and life cannot be judged"


def requested(**changes: object) -> tuple:
    return changed(KEY, **changes), REQUEST


def signed(**changes: object) -> tuple:
    return changed(LIFE, **changes), SIGNED


REFUSED = {
    "a weak key": (*requested(keyBits=224), "the CA's key is ec-224. Fix: set the vault settings"),
    "Vault's default key": ({}, REQUEST, "the CA's key is rsa-2048"),
    "bits that are a text": (*requested(keyBits="256"), "keyBits is a text, where a number belongs"),
    "bits that Vault chooses": (*requested(keyType="rsa", keyBits=0), "the CA's key is rsa-0"),
    "a key that is there already": (*requested(type="existing"), "type is existing: the key cannot be judged"),
    "a key by its name": (*requested(keyRef="old"), f"keyRef {UNJUDGED}"),
    "a key that another service holds": (*requested(managedKeyName="kms"), f"managedKeyName {UNJUDGED}"),
    "a weak key by itself": ({"keyType": "rsa", "keyBits": 2048}, vault_ca.KEY, "the CA's key is rsa-2048"),
    "no ttl": (*signed(ttl=None), "ttl is not set"),
    "a ttl of nothing, which is the mount's": (*signed(ttl="0"), "ttl is not set"),
    "a date that comes before the ttl": (*signed(notAfter="9999-12-31T23:59:59Z"), "notAfter 9999-12-31T23:59:59Z"),
    "what the request asks for": (*signed(useCsrValues=True), "useCsrValues lets the request say what the CA may sign"),
    "a path length of one": (*signed(maxPathLength=1), "maxPathLength is 1: the CA could sign further CAs"),
    "any path length": (*signed(maxPathLength=-1), "maxPathLength is -1: the CA could sign further CAs"),
    "no path length": (*signed(maxPathLength=None), "maxPathLength is -1: the CA could sign further CAs"),
    "a path length that is a text": (*signed(maxPathLength="0"), "maxPathLength is a text, where a number belongs"),
    "a path length that is true": (*signed(maxPathLength=False), "maxPathLength is true or false, where a number"),
    "a root that Vault makes": (KEY | LIFE | {"ttl": "87600h"}, ROOT, "ttl 87600h is longer than 8760h"),
    "a CA that is imported": ({"pemBundle": "x"}, IMPORTED, "the key of an imported CA has been outside of Vault, and"),
    "a CA by its path": ({"path": "pki/root/sign-intermediate"}, ENDPOINT, f"pki/root/sign-intermediate {BY_PATH}"),
    "a root by its path": ({"path": "pki/root/generate/internal"}, ENDPOINT, f"pki/root/generate/internal {BY_PATH}"),
}


@pytest.mark.parametrize(("props", "type_", "words"), REFUSED.values(), ids=REFUSED)
def test_a_ca_that_is_weak_or_cannot_be_judged_is_refused(props, type_, words):
    (message,) = said(vault_ca.RULE, props, type_)
    assert message.startswith(words)


@pytest.mark.parametrize("ttl", ["8761h", "366d", "31536001", "1h or more", "forever"])
def test_a_life_beyond_the_bound_is_refused(ttl):
    (message,) = said(vault_ca.RULE, *signed(ttl=ttl))
    assert message.startswith(f"ttl {ttl} is longer than 8760h")


@pytest.mark.parametrize("ttl", ["8760h", "365d", "525600m", "31536000s", "31536000"])
def test_a_life_of_the_bound_passes_in_every_unit(ttl):
    assert said(vault_ca.RULE, *signed(ttl=ttl)) == []


def test_a_bound_that_is_no_duration_is_refused_too():
    (message,) = said(vault_ca.RULE, *signed(), longestLife="1 year")
    assert message.startswith("longestLife 1 year in the policy config is no duration")


def test_a_strong_key_and_other_paths_of_vault_pass():
    assert said(vault_ca.RULE, *requested()) == []
    assert said(vault_ca.RULE, {"path": "kv/data/roots"}, ENDPOINT) == []
