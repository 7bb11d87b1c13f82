"""The rule about the CA in Vault."""

from policies.rules import vault_ca
from policies.rules.vault_ca import ENDPOINT, IMPORTED, REQUEST, ROOT, SIGNED
from tests.support.findings import case, table
from tests.support.policy_resources import assert_said, changed

KEY = {"keyType": "ec", "keyBits": 256}
LIFE = {"ttl": "8760h", "maxPathLength": 0}
UNJUDGED = "takes a key that cannot be judged"
BEYOND = ("8761h", "366d", "31536001", "1h or more", "forever")
BY_PATH = "makes a CA where its key and life cannot be judged"


def requested(**changes: object) -> tuple:
    return changed(KEY, **changes), REQUEST


def signed(**changes: object) -> tuple:
    return changed(LIFE, **changes), SIGNED


@table(
    case("a weak key", *requested(keyBits=224), "the CA's key is ec-224. Fix: set the vault settings"),
    case("Vault's default key", {}, REQUEST, "the CA's key is rsa-2048"),
    case("bits that are a text", *requested(keyBits="256"), "keyBits is a text, where a number belongs"),
    case("bits that Vault chooses", *requested(keyType="rsa", keyBits=0), "the CA's key is rsa-0"),
    case("a key that is there already", *requested(type="existing"), "type is existing: the key cannot be judged"),
    case("a key by its name", *requested(keyRef="old"), f"keyRef {UNJUDGED}"),
    case("a key that another service holds", *requested(managedKeyName="kms"), f"managedKeyName {UNJUDGED}"),
    case("a weak key by itself", {"keyType": "rsa", "keyBits": 2048}, vault_ca.KEY, "the CA's key is rsa-2048"),
    case("no ttl", *signed(ttl=None), "ttl is not set"),
    case("a ttl of nothing, which is the mount's", *signed(ttl="0"), "ttl is not set"),
    case("a date that comes before the ttl", *signed(notAfter="9999-12-31T23:59:59Z"), "notAfter 9999-12-31T23:59:59Z"),
    case("what the request asks for", *signed(useCsrValues=True), "useCsrValues lets the request say what the CA may"),
    case("a path length of one", *signed(maxPathLength=1), "maxPathLength is 1: the CA could sign further CAs"),
    case("any path length", *signed(maxPathLength=-1), "maxPathLength is -1: the CA could sign further CAs"),
    case("no path length", *signed(maxPathLength=None), "maxPathLength is -1: the CA could sign further CAs"),
    case("a path length that is a text", *signed(maxPathLength="0"), "maxPathLength is a text, where a number belongs"),
    case("a path length that is true", *signed(maxPathLength=False), "maxPathLength is true or false, where a number"),
    case("a root that Vault makes", KEY | LIFE | {"ttl": "87600h"}, ROOT, "ttl 87600h is longer than 8760h"),
    case("a CA that is imported", {"pemBundle": "x"}, IMPORTED, "the key of an imported CA has been outside of Vault,"),
    case("a CA by its path", {"path": "pki/root/sign-intermediate"}, ENDPOINT, f"pki/root/sign-intermediate {BY_PATH}"),
    case("a root by its path", {"path": "pki/root/generate/internal"}, ENDPOINT, "pki/root/generate/internal"),
    *(case(f"a life of {ttl}", *signed(ttl=ttl), f"ttl {ttl} is longer than 8760h") for ttl in BEYOND),
    *(case(f"a life of {ttl}", *signed(ttl=ttl), "") for ttl in ("8760h", "365d", "525600m", "31536000s", "31536000")),
    case("a strong key", *requested(), ""),
    case("another path of Vault", {"path": "kv/data/roots"}, ENDPOINT, ""),
)
def test_a_ca_must_be_strong_and_its_life_bounded(props, type_, words):
    assert_said(vault_ca.RULE, props, words, type_)


def test_a_bound_that_is_no_duration_is_refused_too():
    bound = "longestLife 1 year in the policy config is no duration"
    assert_said(vault_ca.RULE, changed(LIFE), bound, SIGNED, longestLife="1 year")
