"""The removal of secrets: known ones anywhere, unknown ones by their look or their name."""

import base64
import json
import tarfile

import pytest

from operations.report import redaction
from operations.report.redaction import REMOVED, ArchiveFile, Redactor
from pi_mesh.cluster.errors import Forbidden
from tests.support.fake_client import FakeClient
from tests.support.versions import NEWEST

TOKEN = "hvs.MadeUpMadeUpMadeUpMadeUp"
WEB_TOKEN = "eyJhbGciOiJub25l.eyJzdWIiOiJtYWRlLXVw.bWFkZS11cA"
EXTRA = {"pilot": {"env": {"X": "made-up"}, "tracing": True, "args": ["made-up", 3]}}
SHOWN = {"pilot": {"env": {"X": REMOVED}, "tracing": True, "args": [REMOVED, REMOVED]}}


@pytest.mark.parametrize(("text", "shown"), [
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
    ("Cookie: a=b; session=made-up", "Cookie: [removed]"),
    ("'cookie', 'session=made-up'", "'cookie', '[removed]'"),
    ("'x-api-key', 'made-up'", "'x-api-key', '[removed]'"),
    ("Set-Cookie: id=made-up; Path=/\nnext", "Set-Cookie: [removed]\nnext"),
    ("redis://:made-up@redis:6379", "redis://[removed]@redis:6379"),
    ("amqp://me:m@de:u/p@host/vhost", "amqp://[removed]@host/vhost"),
    ("https://hooks.slack.com/services/T0/B0/made-up", "https://hooks.slack.com/[removed]"),
    ("slack xoxb-1234567890-made-up", "slack [removed]"),
    (f"key={'AIza'}{'m' * 35} x", "key=[removed] x"),
    ("VAULT_SECRET_ID=made-up", "VAULT_SECRET_ID=[removed]"),
])  # fmt: skip
def test_what_looks_like_a_secret_is_removed(text, shown):
    redactor = Redactor()
    assert redactor.text(text) == shown
    assert redactor.removed >= 1


@pytest.mark.parametrize("text", [
    "secret istio-system/cacerts: does not exist",
    "could not read the token: not found",
    "https://istio.io/v1.31/docs/reference/config/analysis/ist0101/",
    f"docker.io/istio/proxyv2:{NEWEST}",
    "Is it right? Yes",
    "GET http://shop.example:8080/path by spiffe://cluster.local/ns/a/sa/b@x",
])  # fmt: skip
def test_the_text_of_a_report_stays(text):
    redactor = Redactor()
    assert (redactor.text(text), redactor.removed) == (text, 0)


def test_a_known_secret_is_removed_wherever_it_stands_and_counted_but_no_part_of_many_words():
    redactor = Redactor(["plain-word", "plain-word-and-more", "", "istio"])
    assert redactor.text("xplain-word-and-more! plain-word istiod") == "x[removed]! [removed] istiod"
    assert redactor.removed == 2


def test_a_document_keeps_its_shape():
    kept = {"token": "", "secret": {"name": "login"}}
    document = {"a": [1, None, True, "x=plain-word"], "password": "made-up", "adminPassword": 12345678, **kept}
    shown = {**document, "a": [1, None, True, "x=[removed]"], "password": REMOVED, "adminPassword": REMOVED}
    assert Redactor(["plain-word"]).tree(document) == shown


KEY = "-----BEGIN PRIVATE KEY-----\nbWFkZS11cC1tYWRlLXVw\n-----END PRIVATE KEY-----\n"
LINES = "made-up-line-one\nmade-up-line-two\n"
LOGIN = json.dumps({"auths": {"registry.example.com": {"username": "robot", "password": "made-up", "auth": "x=="}}})


def packed(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def secret(key: str, text: str) -> dict:
    return {"items": [{"data": {key: packed(text)}}]}


@pytest.mark.parametrize(("answer", "secrets"), [
    (secret("key.pem", KEY), {packed(KEY), KEY, "bWFkZS11cC1tYWRlLXVw"}),
    (secret("words", LINES), {packed(LINES), LINES, "made-up-line-one", "made-up-line-two"}),
    pytest.param(secret(".dockerconfigjson", LOGIN), {packed(LOGIN), LOGIN, "made-up", "x=="}, id="no user of a login"),
    *((secret(key, "istio-system"), set()) for key in ("username", "admin-user", "namespace", "url")),
    pytest.param({"items": [{"data": {"key": "/////w=="}}, {}]}, {"/////w=="}, id="bytes that are no text"),
    pytest.param(Forbidden("no", "no"), set(), id="a namespace that may not be read"),
])  # fmt: skip
def test_a_secret_of_the_cluster_counts_as_text_in_base64_and_by_line(answer, secrets):
    client = FakeClient({"/api/v1/namespaces/a/secrets": answer})
    assert set(redaction.cluster_secrets(client, ["a"])) == secrets  # type: ignore[arg-type]


def test_variables_count_by_their_names(tmp_path):
    (tmp_path / "passphrase").write_text("of a file\n")
    (tmp_path / "notes").write_text("shown\n")
    files = {"PULUMI_CONFIG_PASSPHRASE_FILE": f"{tmp_path}/passphrase", "GONE_TOKEN_FILE": f"{tmp_path}/gone"}
    environment = {"VAULT_TOKEN": "of Vault", "AWS_SECRET_ACCESS_KEY": "of AWS", **files, "NOTES": f"{tmp_path}/notes"}
    assert set(redaction.environment_secrets(environment)) == {"of Vault", "of AWS", "of a file"}


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


@pytest.mark.parametrize(("entry", "shown"), [
    ({"value": '{"a": "text"}', "objectValue": {"a": "b"}}, {"a": "b"}),
    ({"value": '{"mode": "STRICT"}'}, {"mode": "STRICT"}),
    ({"secret": True}, REMOVED),
    ({"objectValue": {"version": NEWEST, "values": EXTRA}}, {"version": NEWEST, "values": SHOWN}),
])  # fmt: skip
def test_settings_are_shown_but_for_encrypted_ones_and_the_texts_of_extra_helm_values(entry, shown):
    assert redaction.settings_without_secrets({"pi-mesh:key": entry}) == {"pi-mesh:key": shown}


def rendered(content: object) -> bytes:
    return redaction.rendered_file(ArchiveFile("a", content), Redactor(["plain-word"]))


def test_texts_and_documents_lose_their_secrets():
    assert rendered("x plain-word") == b"x [removed]"
    assert rendered({"c": ["plain-word"]}) == b'{\n  "c": [\n    "[removed]"\n  ]\n}\n'


def test_of_a_long_text_the_end_is_kept():
    content = rendered("é" * redaction.LARGEST_FILE + "the end")
    assert redaction.LARGEST_FILE - 1 <= len(content) <= redaction.LARGEST_FILE
    assert content.decode().startswith(redaction.CUT)
    assert content.decode().endswith("the end")


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
