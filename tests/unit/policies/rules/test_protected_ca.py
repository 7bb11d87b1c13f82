"""The rule that the CA's mount is protected."""

from policies.rules import protected_ca, vault_ca
from policies.rules.protected_ca import MOUNT
from tests.support.findings import case, table
from tests.support.policy_resources import assert_said

KEY_OPEN = "the CA's key in pki is not protected"
BY_PATH = "mounts or tunes an engine where its protection cannot be judged"


@table(
    case("a mount", {"type": "pki", "path": "pki"}, MOUNT, "PKI mount pki is not protected. Fix: keep protect=True"),
    case("a root that Vault makes", {"backend": "pki"}, vault_ca.ROOT, KEY_OPEN),
    case("a key by itself", {"backend": "pki"}, vault_ca.KEY, KEY_OPEN),
    case("a mount by its path", {"path": "sys/mounts/pki"}, vault_ca.ENDPOINT, f"sys/mounts/pki {BY_PATH}"),
    case("one with slashes", {"path": "/sys/mounts//pki"}, vault_ca.ENDPOINT, f"/sys/mounts//pki {BY_PATH}"),
    case("a plugin of another name", {"type": "pki-external", "path": "pki"}, MOUNT, "PKI mount pki is not protected"),
    case("a type in capitals", {"type": "PKI", "path": "pki"}, MOUNT, "PKI mount pki is not protected"),
    case("a type that is a list", {"type": ["pki"], "path": "pki"}, MOUNT, "type is a list, where a text belongs"),
    case("another engine", {"type": "kv", "path": "kv"}, MOUNT, ""),
    case("a value beside the mounts", {"path": "sys/mounts/pki"}, "vault:kv/secretV2:SecretV2", ""),
    case("another endpoint", {"path": "sys/policies/x"}, vault_ca.ENDPOINT, ""),
    case("an endpoint without a path", {}, vault_ca.ENDPOINT, ""),
)
def test_a_ca_must_be_protected(props, type_, words):
    assert_said(protected_ca.RULE, props, words, type_)


@table(({"type": "pki", "path": "pki"}, MOUNT), ({"backend": "pki"}, vault_ca.ROOT))
def test_a_protected_ca_passes(props, type_):
    assert_said(protected_ca.RULE, props, "", type_, protect=True)
