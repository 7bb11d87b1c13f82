"""The removal of secrets: known ones anywhere, unknown ones by their look or their name."""

import base64
import json
import tarfile

import pytest

from operations.report import redaction
from operations.report.redaction import REMOVED, ArchiveFile, Redactor
from pi_mesh.cluster.errors import Forbidden
from tests.support.fake_client import FakeClient

TOKEN = "hvs.MadeUpMadeUpMadeUpMadeUp"
WEB_TOKEN = "eyJhbGciOiJub25l.eyJzdWIiOiJtYWRlLXVw.bWFkZS11cA"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"login with {TOKEN} failed", "login with [removed] failed"),
        (f"header {WEB_TOKEN}, then", "header [removed], then"),
        ("see https://me:made-up@charts.example.com/a", "see https://[removed]@charts.example.com/a"),
        ("Authorization: Basic bWU6bWFkZS11cA==", "Authorization: [removed]"),
        ("authorization: Bearer made.up-and-long", "authorization: [removed]"),
        ("GET /orders?account=7&token=made-up HTTP/1.1", "GET /orders?[removed] HTTP/1.1"),
        ("password=made-up, next", "password=[removed], next"),
        ('{"client_secret": "made \\"up\\"", "a": 1}', '{"client_secret": [removed], "a": 1}'),
        ("--registry-password='made up' --x", "--registry-password=[removed] --x"),
        ("-----BEGIN EC PRIVATE KEY-----\nbWFkZS11cA==\n-----END EC PRIVATE KEY-----\nafter", "[removed]\nafter"),
        (r"key: -----BEGIN PRIVATE KEY-----\nbWFkZS11cA==\n-----END PRIVATE KEY-----", "key: [removed]"),
        ("cut off: -----BEGIN PRIVATE KEY-----\nbWFk", "cut off: [removed]"),
    ],
)
def test_what_looks_like_a_secret_is_removed(text, shown):
    redactor = Redactor()
    assert redactor.text(text) == shown
    assert redactor.removed >= 1


@pytest.mark.parametrize(
    "text",
    [
        "secret istio-system/cacerts: does not exist",
        "could not read the token: not found",
        "https://istio.io/v1.31/docs/reference/config/analysis/ist0101/",
        "docker.io/istio/proxyv2:1.31.0",
        "Is it right? Yes",
    ],
)
def test_the_text_of_a_report_stays(text):
    redactor = Redactor()
    assert (redactor.text(text), redactor.removed) == (text, 0)


def test_a_known_secret_is_removed_wherever_it_stands_and_counted():
    redactor = Redactor(["plain-word", "plain-word-and-more"])
    assert redactor.text("xplain-word-and-more! plain-word") == "x[removed]! [removed]"
    assert redactor.removed == 2


def test_a_known_text_that_is_part_of_many_words_stays():
    assert Redactor(["", "istio"]).text("istiod") == "istiod"


def test_a_document_keeps_its_shape():
    document = {"a": [1, None, True, "x=plain-word"], "password": "made-up", "token": "", "secret": {"name": "login"}}
    assert Redactor(["plain-word"]).tree(document) == {
        "a": [1, None, True, "x=[removed]"],
        "password": REMOVED,
        "token": "",
        "secret": {"name": "login"},
    }


KEY = "-----BEGIN PRIVATE KEY-----\nbWFkZS11cC1tYWRlLXVw\n-----END PRIVATE KEY-----\n"


def packed(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def of_secret(**data: str) -> set[str]:
    items = [{"data": {key.replace("_", "."): packed(text) for key, text in data.items()}}]
    client = FakeClient({"/api/v1/namespaces/istio-system/secrets": {"items": items}})
    return set(redaction.cluster_secrets(client, ["istio-system"]))  # type: ignore[arg-type]


def test_variables_count_by_their_names(tmp_path):
    (tmp_path / "passphrase").write_text("of a file\n")
    environment = {
        "VAULT_TOKEN": "of Vault",
        "AWS_SECRET_ACCESS_KEY": "of AWS",
        "PULUMI_CONFIG_PASSPHRASE_FILE": str(tmp_path / "passphrase"),
        "GONE_TOKEN_FILE": str(tmp_path / "gone"),
        "HOME": "/root",
    }
    assert set(redaction.environment_secrets(environment)) == {"of Vault", "of AWS", "of a file"}


def test_a_secret_counts_as_text_in_base64_and_by_line():
    assert of_secret(key_pem=KEY) == {packed(KEY), KEY, "bWFkZS11cC1tYWRlLXVw"}


def test_the_lines_of_a_secret_of_two_count_too():
    text = "made-up-line-one\nmade-up-line-two\n"
    assert of_secret(words=text) == {packed(text), text, "made-up-line-one", "made-up-line-two"}


def test_a_registrys_login_counts_by_its_password_not_by_its_user():
    login = json.dumps({"auths": {"registry.example.com": {"username": "robot", "password": "made-up", "auth": "x=="}}})
    assert {"made-up", "x=="} <= of_secret(dockerconfigjson=login)
    assert "robot" not in of_secret(dockerconfigjson=login)


@pytest.mark.parametrize("key", ["username", "admin-user", "namespace", "url"])
def test_words_of_every_report_are_no_secrets(key):
    assert of_secret(**{key: "istio-system"}) == set()


def test_bytes_that_are_no_text_count_in_base64():
    items = [{"data": {"key": "/////w=="}}, {}]
    client = FakeClient({"/api/v1/namespaces/a/secrets": {"items": items}})
    assert set(redaction.cluster_secrets(client, ["a"])) == {"/////w=="}  # type: ignore[arg-type]


def test_a_namespace_whose_secrets_may_not_be_read_is_skipped():
    client = FakeClient({"/api/v1/namespaces/a/secrets": Forbidden("no", "no")})
    assert set(redaction.cluster_secrets(client, ["a"])) == set()  # type: ignore[arg-type]


def test_plain_settings_count_by_their_keys():
    settings = {"grafana": {"values": {"adminPassword": "made-up", "x": "shown"}}, "list": [{"token": "also"}]}
    assert set(redaction.settings_secrets(settings)) == {"made-up", "also"}


def test_the_kubeconfigs_credentials_count(monkeypatch, tmp_path):
    user = {"token": "made-up-token", "password": "made-up-password"}
    config = {
        "current-context": "test",
        "clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:1"}}],
        "contexts": [{"name": "test", "context": {"cluster": "c", "user": "u"}}],
        "users": [{"name": "u", "user": user}],
    }
    (tmp_path / "config").write_text(json.dumps(config))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "config"))
    assert {*user.values()} <= set(redaction.kubeconfig_secrets("test"))


def test_settings_are_shown_and_encrypted_ones_are_not():
    config = {
        "pi-mesh:istio": {"value": '{"version": "1.31.0"}', "objectValue": {"version": "1.31.0"}},
        "pi-mesh:mtls": {"value": '{"mode": "STRICT"}'},
        "pi-mesh:vaultToken": {"secret": True},
    }
    assert redaction.settings_without_secrets(config) == {
        "pi-mesh:istio": {"version": "1.31.0"},
        "pi-mesh:mtls": {"mode": "STRICT"},
        "pi-mesh:vaultToken": REMOVED,
    }


def test_extra_helm_values_keep_their_keys_and_switches_alone():
    values = {"pilot": {"env": {"X": "made-up"}, "tracing": True, "args": ["made-up", 3]}}
    shown = redaction.settings_without_secrets(
        {"pi-mesh:istio": {"objectValue": {"version": "1.31.0", "values": values}}}
    )
    assert shown["pi-mesh:istio"] == {
        "version": "1.31.0",
        "values": {"pilot": {"env": {"X": REMOVED}, "tracing": True, "args": [REMOVED, 3]}},
    }


def rendered(*found: ArchiveFile) -> tuple[dict[str, bytes], list[str]]:
    return redaction.render_files(found, Redactor(["plain-word"]))


def test_texts_and_documents_lose_their_secrets():
    files, _ = rendered(ArchiveFile("a.log", "x plain-word"), ArchiveFile("b.json", {"c": ["plain-word"]}))
    assert files["a.log"] == b"x [removed]"
    assert files["b.json"] == b'{\n  "c": [\n    "[removed]"\n  ]\n}\n'
    assert json.loads(files["b.json"]) == {"c": ["[removed]"]}


def test_of_a_long_text_the_end_is_kept():
    text = "é" * redaction.LARGEST_FILE + "the end"
    content = rendered(ArchiveFile("a.log", text))[0]["a.log"]
    assert redaction.LARGEST_FILE - 1 <= len(content) <= redaction.LARGEST_FILE
    assert content.decode().startswith(redaction.CUT)
    assert content.decode().endswith("the end")


def test_what_the_archive_has_no_room_for_is_named(monkeypatch):
    monkeypatch.setattr(redaction, "LARGEST_ARCHIVE", 10)
    files, left_out = rendered(
        ArchiveFile("a", "x" * 6), ArchiveFile("b", "x" * 6), ArchiveFile("c", "x" * 4), ArchiveFile("d", "x")
    )
    assert (list(files), left_out) == (["a", "c"], ["b", "d"])


def test_the_archive_is_its_owners_alone_and_never_written_over_another_file(tmp_path):
    target = tmp_path / "a.tar.gz"
    size = redaction.write_archive(target, "folder", {"logs/a.log": b"content"}, 1_800_000_000)
    assert (target.stat().st_size, target.stat().st_mode & 0o777) == (size, 0o600)
    with tarfile.open(target) as tar:
        (member,) = tar.getmembers()
        assert (member.name, member.mtime, member.mode) == ("folder/logs/a.log", 1_800_000_000, 0o600)
        assert tar.extractfile(member).read() == b"content"  # type: ignore[union-attr]
    with pytest.raises(FileExistsError):
        redaction.write_archive(target, "folder", {}, 0)
