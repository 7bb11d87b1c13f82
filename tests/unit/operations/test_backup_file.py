"""The file of a backup: who can read it, and what is said of one that cannot be restored."""

import json

import pyrage
import pytest

from operations import backup_file
from operations.failures import UsageError
from pi_mesh.checks.finding import Level
from tests.support.authorities import make_ca
from tests.support.backups import KEY, RECIPIENT, key_file, make_backup, secret


@pytest.fixture
def opened(tmp_path):
    """Return `opened(content)`, which reads a file with this content by the tests' key."""

    def read(content: bytes, stack: str = "test") -> backup_file.Backup:
        (tmp_path / "backup.age").write_bytes(content)
        return backup_file.read(tmp_path / "backup.age", stack, key_file(tmp_path))

    return read


def test_it_is_read_again_as_it_was_written(opened):
    backup = make_backup()
    assert opened(backup_file.encrypted(backup, RECIPIENT)) == backup


def test_without_a_recipient_its_key_is_the_passphrase_of_the_stack(tmp_path, monkeypatch):
    (tmp_path / "passphrase").write_text("a passphrase of a test\n")
    monkeypatch.delenv("PULUMI_CONFIG_PASSPHRASE", raising=False)
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE_FILE", str(tmp_path / "passphrase"))
    (tmp_path / "backup.age").write_bytes(backup_file.encrypted(make_backup(), None))
    assert backup_file.read(tmp_path / "backup.age", "org/pi-mesh/test", None).stack == "test"


def test_no_word_of_it_is_readable_without_the_key():
    backup = make_backup()
    content = backup_file.encrypted(backup, RECIPIENT)
    words = ("istio-ca-secret", "PRIVATE", "test", backup.secrets[0]["data"]["ca-key.pem"][:40])
    assert not [word for word in words if word.encode() in content]


def of_json(**changes: object) -> bytes:
    text = json.dumps({**json.loads(make_backup().model_dump_json()), **changes})
    return pyrage.encrypt(text.encode(), [KEY.to_public()])


FAULTS = {
    "a truncated file": (backup_file.encrypted(make_backup(), RECIPIENT)[:-20], "not whole"),
    "a file of another program": (b"PK\x03\x04 a zip", "can't be decrypted"),
    "an encrypted file of another program": (pyrage.encrypt(b"[1, 2]", [KEY.to_public()]), "no backup of pi-mesh"),
    "another key": (pyrage.encrypt(b"{}", [pyrage.x25519.Identity.generate().to_public()]), "its key is another"),
    "a newer backup": (of_json(format=2, program="9.0"), "has format 2, written by pi-mesh 9.0"),
    "an older backup": (of_json(format=0, program="0.1"), "use that version of pi-mesh"),
    "a field that is missing": (of_json(secrets=None), "no backup of pi-mesh"),
    "a path outside the project": (of_json(files={"../.ssh/authorized_keys": "x"}), "would write ../.ssh/authorized"),
    "code": (of_json(files={"__main__.py": "x"}), "would write __main__.py; it is not from `backup`"),
    "a backup of another stack": (of_json(stack="lab"), "is a backup of stack lab; use -s lab"),
}


@pytest.mark.parametrize(("content", "said"), FAULTS.values(), ids=FAULTS)
def test_a_file_that_is_none_is_refused_with_one_line(opened, content, said):
    with pytest.raises(UsageError, match=said) as refused:
        opened(content)
    assert "\n" not in str(refused.value)


def test_a_key_file_without_a_key_is_named(tmp_path):
    (tmp_path / "backup.age").write_bytes(b"x")
    (tmp_path / "notes").write_text("no key")
    with pytest.raises(UsageError, match=r"--identity .*notes has no age or SSH key"):
        backup_file.read(tmp_path / "backup.age", "test", tmp_path / "notes")


def test_a_recipient_that_is_no_key_is_named():
    with pytest.raises(UsageError, match="--recipient is no public key"):
        backup_file.encrypted(make_backup(), "age1nothing")


def test_without_a_passphrase_nothing_is_encrypted(monkeypatch):
    for name in ("PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(UsageError, match="no passphrase is set"):
        backup_file.encrypted(make_backup(), None)


ROOT, ENDED = make_ca("root"), make_ca("ended", days=0.5)
JUDGED = {
    "a CA that signs": ({}, [Level.OK, Level.OK], "the key that fits"),
    "a key of another CA": (
        {"secrets": (secret(ROOT, key=make_ca("other").key),)},
        [Level.OK, Level.ERROR],
        "the key does not belong to the certificate",
    ),
    "a CA that has ended": ({"secrets": (secret(ENDED),)}, [Level.OK, Level.ERROR], "can't sign again"),
    "no CA": ({"secrets": ()}, [Level.OK, Level.WARNING], "istiod makes another root"),
    "a key in Vault alone": (
        {"secrets": (), "key_in_vault": "https://vault pki_int"},
        [Level.OK, Level.WARNING],
        "the CA's key is in https://vault pki_int alone",
    ),
}


@pytest.mark.parametrize(("changes", "levels", "said"), JUDGED.values(), ids=JUDGED)
def test_it_is_said_whether_the_root_comes_back(changes, levels, said):
    findings = list(backup_file.judged(make_backup(**changes)))
    assert [finding.level for finding in findings] == levels
    assert said in str(findings[-1])
