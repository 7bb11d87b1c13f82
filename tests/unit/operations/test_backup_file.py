"""The file of a backup: who can read it, and what is said of one that cannot be restored."""

import base64
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


OF_PASSPHRASE = base64.b64decode(
    "YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IHNjcnlwdCA5N2Q5RC9yOTVHN1I1MGtQc1QvVENnIDIKL1RDaDA2bFhkYWRoUDVFaUhOeVZYcTlOMXM3"
    "VkpPU3F6a1pibVZqNlExNAotLS0geXdQaUptMXc4eGFWWWg1VDV5RklHeUZDVmlyMGgrcWNaaHhkVmxyZEc4dwoW8tl5CV32UPCWIp6MFKMpdhsu"
    "+uOh6cVUhO3wZL35rq8XOumBli70sGah1nw="
)
"""The text {"format": 2} under the passphrase `made up`, with 4 rounds of scrypt: age itself takes seconds of them."""


def test_without_a_recipient_its_key_is_the_passphrase_of_the_stack(tmp_path, monkeypatch):
    monkeypatch.setattr(pyrage.passphrase, "encrypt", lambda content, passphrase: (content[:1], passphrase))
    (tmp_path / "passphrase").write_text("made up\n")
    (tmp_path / "backup.age").write_bytes(OF_PASSPHRASE)
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE_FILE", str(tmp_path / "passphrase"))
    assert backup_file.encrypted(make_backup(), None) == (b"{", "made up")
    with pytest.raises(UsageError, match=r"backup\.age has format 2"):
        backup_file.read(tmp_path / "backup.age", "org/pi-mesh/test", None)


def test_it_is_read_again_as_it_was_written_and_no_word_of_it_without_the_key(opened):
    backup = make_backup()
    content = backup_file.encrypted(backup, RECIPIENT)
    words = ("istio-ca-secret", "PRIVATE", "test", backup.secrets[0]["data"]["ca-key.pem"][:40])
    assert not [word for word in words if word.encode() in content]
    assert opened(content) == backup


OTHER = pyrage.x25519.Identity.generate()


def of_json(**changes: object) -> bytes:
    text = json.dumps({**json.loads(make_backup().model_dump_json()), **changes})
    return pyrage.encrypt(text.encode(), [KEY.to_public()])


@pytest.mark.parametrize(("content", "said"), [
    pytest.param(backup_file.encrypted(make_backup(), RECIPIENT)[:-20], "not whole", id="a truncated file"),
    pytest.param(b"PK\x03\x04 a zip", "can't be decrypted", id="a file of another program"),
    pytest.param(pyrage.encrypt(b"[1, 2]", [KEY.to_public()]), "no backup of pi-mesh", id="an encrypted file of one"),
    pytest.param(pyrage.encrypt(b"{}", [OTHER.to_public()]), "its key is another", id="another key"),
    pytest.param(of_json(format=2, program="9.0"), "has format 2, written by pi-mesh 9.0", id="a newer backup"),
    pytest.param(of_json(format=0, program="0.1"), "use that version of pi-mesh", id="an older backup"),
    pytest.param(of_json(secrets=None), "no backup of pi-mesh", id="a field that is missing"),
    pytest.param(of_json(files={"../.ssh/authorized_keys": "x"}), "would write ../.ssh/authorized", id="outside"),
    pytest.param(of_json(files={"__main__.py": "x"}), "would write __main__.py; it is not from `backup`", id="code"),
    pytest.param(of_json(stack="lab"), "is a backup of stack lab; use -s lab", id="a backup of another stack"),
])  # fmt: skip
def test_a_file_that_is_none_is_refused_with_one_line(opened, content, said):
    with pytest.raises(UsageError, match=said) as refused:
        opened(content)
    assert "\n" not in str(refused.value)


def test_a_key_file_without_a_key_is_named(tmp_path):
    (tmp_path / "backup.age").write_bytes(b"x")
    (tmp_path / "notes").write_text("no key")
    with pytest.raises(UsageError, match=r"--identity .*notes has no age or SSH key"):
        backup_file.read(tmp_path / "backup.age", "test", tmp_path / "notes")


@pytest.mark.parametrize(("recipient", "said"), [
    pytest.param("age1nothing", "--recipient is no public key", id="a recipient that is no key"),
    pytest.param(None, "no passphrase is set", id="no passphrase"),
])  # fmt: skip
def test_without_a_usable_key_nothing_is_encrypted(recipient, said):
    with pytest.raises(UsageError, match=said):
        backup_file.encrypted(make_backup(), recipient)


ROOT, ENDED = make_ca("root"), make_ca("ended", days=0.5)
OTHER_KEY, NO_FIT = {"secrets": (secret(ROOT, key=make_ca("other").key),)}, "the key does not belong to the certificate"
IN_VAULT = {"secrets": (), "key_in_vault": "https://vault pki_int"}


@pytest.mark.parametrize(("changes", "level", "said"), [
    pytest.param({}, Level.OK, "the key that fits", id="a CA that signs"),
    pytest.param(OTHER_KEY, Level.ERROR, NO_FIT, id="a key of another CA"),
    pytest.param({"secrets": (secret(ENDED),)}, Level.ERROR, "can't sign again", id="a CA that has ended"),
    pytest.param({"secrets": ()}, Level.WARNING, "istiod makes another root", id="no CA"),
    pytest.param(IN_VAULT, Level.WARNING, "the CA's key is in https://vault pki_int alone", id="a key in Vault alone"),
])  # fmt: skip
def test_it_is_said_whether_the_root_comes_back(changes, level, said):
    content, ca = backup_file.judged(make_backup(**changes))
    assert (content.level, ca.level, said in str(ca)) == (Level.OK, level, True)
