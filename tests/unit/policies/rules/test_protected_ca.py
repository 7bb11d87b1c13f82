"""The rule that the CA's mount is protected."""

import pytest

from policies.rules import protected_ca, vault_ca
from tests.support.policy_resources import said


def mounted(protect: bool, kind: str = "pki") -> list[str]:
    return said(protected_ca.RULE, {"type": kind, "path": "pki_int"}, protected_ca.MOUNT, protect)


def test_a_mount_that_can_be_deleted_is_refused():
    (message,) = mounted(protect=False)
    assert message.startswith("PKI mount pki_int is not protected. Fix: keep protect=True")


def test_only_pki_mounts_need_protection():
    assert mounted(protect=False, kind="kv") == []


BYPASSES = {
    "a root that Vault makes": ({"backend": "pki"}, vault_ca.ROOT, "the CA's key in pki is not protected"),
    "a key by itself": ({"backend": "pki"}, vault_ca.KEY, "the CA's key in pki is not protected"),
    "a mount by its path": ({"path": "sys/mounts/pki_int"}, vault_ca.ENDPOINT, "sys/mounts/pki_int mounts or tunes an"),
    "a mount by its path, with slashes": (
        {"path": "/sys/mounts//pki_int"},
        vault_ca.ENDPOINT,
        "/sys/mounts//pki_int mounts or tunes an engine where its protection cannot be judged",
    ),
    "a plugin of another name": ({"type": "pki-external", "path": "pki"}, protected_ca.MOUNT, "PKI mount pki is not"),
    "a type in capitals": ({"type": "PKI", "path": "pki"}, protected_ca.MOUNT, "PKI mount pki is not protected"),
    "a type that is a list": ({"type": ["pki"], "path": "pki"}, protected_ca.MOUNT, "type is a list, where a text"),
}


@pytest.mark.parametrize("case", BYPASSES)
def test_no_way_leads_past_the_protection(case):
    *given, words = BYPASSES[case]
    (message,) = said(protected_ca.RULE, *given)
    assert words in message


def test_a_protected_root_passes():
    assert said(protected_ca.RULE, {"backend": "pki"}, vault_ca.ROOT, protect=True) == []


@pytest.mark.parametrize(
    ("path", "type_"),
    [
        ("sys/mounts/pki", "vault:kv/secretV2:SecretV2"),
        ("sys/policies/x", vault_ca.ENDPOINT),
        (None, vault_ca.ENDPOINT),
    ],
)
def test_only_an_endpoint_of_a_mount_mounts_an_engine(path, type_):
    assert said(protected_ca.RULE, {"path": path} if path else {}, type_) == []
