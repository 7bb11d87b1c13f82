"""The rule that the CA's mount is protected."""

import pytest

from policies.rules import protected_ca, vault_ca
from policies.rules.protected_ca import MOUNT
from tests.support.policy_resources import said

KEY_OPEN = "the CA's key in pki is not protected"
BY_PATH = "mounts or tunes an engine where its protection cannot be judged"
REFUSED = {
    "a mount": ({"type": "pki", "path": "pki"}, MOUNT, "PKI mount pki is not protected. Fix: keep protect=True"),
    "a root that Vault makes": ({"backend": "pki"}, vault_ca.ROOT, KEY_OPEN),
    "a key by itself": ({"backend": "pki"}, vault_ca.KEY, KEY_OPEN),
    "a mount by its path": ({"path": "sys/mounts/pki"}, vault_ca.ENDPOINT, f"sys/mounts/pki {BY_PATH}"),
    "one with slashes": ({"path": "/sys/mounts//pki"}, vault_ca.ENDPOINT, f"/sys/mounts//pki {BY_PATH}"),
    "a plugin of another name": ({"type": "pki-external", "path": "pki"}, MOUNT, "PKI mount pki is not protected"),
    "a type in capitals": ({"type": "PKI", "path": "pki"}, MOUNT, "PKI mount pki is not protected"),
    "a type that is a list": ({"type": ["pki"], "path": "pki"}, MOUNT, "type is a list, where a text belongs"),
}


@pytest.mark.parametrize(("props", "type_", "words"), REFUSED.values(), ids=REFUSED)
def test_a_ca_that_can_be_deleted_is_refused(props, type_, words):
    (message,) = said(protected_ca.RULE, props, type_)
    assert message.startswith(words)


@pytest.mark.parametrize(
    ("props", "type_", "protect"),
    [
        ({"type": "pki", "path": "pki"}, MOUNT, True),
        ({"backend": "pki"}, vault_ca.ROOT, True),
        ({"type": "kv", "path": "kv"}, MOUNT, False),
        ({"path": "sys/mounts/pki"}, "vault:kv/secretV2:SecretV2", False),
        ({"path": "sys/policies/x"}, vault_ca.ENDPOINT, False),
        ({}, vault_ca.ENDPOINT, False),
    ],
)
def test_a_protected_ca_and_what_is_none_pass(props, type_, protect):
    assert said(protected_ca.RULE, props, type_, protect) == []
