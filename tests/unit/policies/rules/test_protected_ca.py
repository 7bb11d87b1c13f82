"""The rule that the CA's mount is protected."""

from policies.rules import protected_ca
from tests.support.policy_resources import said


def mounted(protect: bool, kind: str = "pki") -> list[str]:
    return said(protected_ca.RULE, {"type": kind, "path": "pki_int"}, protected_ca.MOUNT, protect)


def test_a_mount_that_can_be_deleted_is_refused():
    (message,) = mounted(protect=False)
    assert message.startswith("PKI mount pki_int is not protected. Fix: keep protect=True")


def test_only_pki_mounts_need_protection():
    assert mounted(protect=False, kind="kv") == []
