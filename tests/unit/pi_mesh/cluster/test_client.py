"""The client of the cluster: only the right context, and one clear line when it does not answer."""

import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from unittest.mock import Mock

import httpx2 as httpx
import pytest
import yaml

from pi_mesh.cluster import client as client_module
from pi_mesh.cluster.client import Client, Forbidden, Refused
from pi_mesh.cluster.errors import ClusterUnreachable, WrongContext
from tests.support.findings import table

NOBODY = "http://127.0.0.1:1"
Answer = tuple[int, dict, object]


@pytest.fixture
def kubeconfig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Return `kubeconfig(server)`: write a file whose only and current context is `test`."""

    def write(server: str = NOBODY, current: str = "test", **user: object) -> Path:
        content = {
            "clusters": [{"name": "c", "cluster": {"server": server}}],
            "users": [{"name": "u", "user": user or {"token": "fabricated"}}],
            "contexts": [{"name": "test", "context": {"cluster": "c", "user": "u"}}],
            "current-context": current,
        }
        file = tmp_path / "config"
        file.write_text(yaml.safe_dump(content))
        monkeypatch.setenv("KUBECONFIG", str(file))
        return file

    return write


@pytest.fixture
def api(kubeconfig) -> Iterator[list[Answer]]:
    """Yield the answers that a real HTTP server gives in order, the last one forever."""
    answers: list[Answer] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, body = answers.pop(0) if len(answers) > 1 else answers[0]
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, format: str, *arguments: object) -> None:
            """Log nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        kubeconfig(f"http://127.0.0.1:{server.server_address[1]}")
        yield answers
        server.shutdown()


@pytest.mark.row(17)
def test_another_current_context_is_refused_with_both_names(kubeconfig):
    kubeconfig(current="production")
    with pytest.raises(WrongContext, match=r"cluster\.context is 'test', .* current context is 'production'"):
        Client("test")


@table(
    ("production", "test", r"Run `kubectl config use-context test`, or choose the stack of 'prod"),
    ("test", "pi-cluster", r"no context 'pi-cluster': .* `pulumi config set .*context test -s"),
    ("", "pi-cluster", r"no context 'pi-cluster': it has test; `kubectl config use-context NAME`"),
)
def test_a_context_that_the_kubeconfig_has_is_to_be_used_and_another_one_to_be_set(kubeconfig, current, context, way):
    kubeconfig(current=current)
    with pytest.raises(WrongContext, match=way):
        Client(context)


@table((None, "no kubeconfig in .*config; `export KUBECONFIG=FILE`"), ("a: [", "config: is not a readable kubeconfig"))
def test_a_kubeconfig_that_is_missing_or_no_yaml_is_named(kubeconfig, content, line):
    file = kubeconfig()
    file.unlink() if content is None else file.write_text(content)
    with pytest.raises(ClusterUnreachable, match=line):
        Client("test")


def test_several_kubeconfigs_are_merged_as_kubectl_does(kubeconfig, tmp_path, monkeypatch):
    (tmp_path / "first").write_text("current-context: test")
    monkeypatch.setenv("KUBECONFIG", f"{tmp_path / 'first'}:{kubeconfig(current='other')}")
    with Client("test") as client:
        assert client.context == "test"


@pytest.mark.row(15)
def test_a_server_that_is_off_is_one_clear_line(kubeconfig):
    kubeconfig()
    with Client("test") as client, pytest.raises(ClusterUnreachable) as raised:
        client.get("/version")
    assert str(raised.value).startswith(f"cluster 'test' at {NOBODY} does not answer: ")
    assert "\n" not in str(raised.value)


def test_a_program_for_credentials_that_is_missing_is_one_line(kubeconfig):
    kubeconfig(exec={"apiVersion": "client.authentication.k8s.io/v1beta1", "command": "no-such-program"})
    with Client("test") as client, pytest.raises(ClusterUnreachable) as problem:
        client.get("/version")
    assert str(problem.value) == (
        f"cluster 'test' at {NOBODY} does not answer: the kubeconfig's program for credentials can't be run "
        "(No such file or directory: no-such-program); try `kubectl get nodes`"
    )


@pytest.mark.row(16)
def test_an_overloaded_server_is_asked_again_after_the_time_it_names(api, monkeypatch):
    pauses: list[float] = []
    monkeypatch.setattr(client_module.time, "sleep", pauses.append)
    dated = {"Retry-After": "Wed, 02 Dec 2026 09:00:00 GMT"}
    api += [(429, {"Retry-After": "2"}, {}), (429, {}, {}), (503, dated, {}), (200, {}, {"items": [1]})]
    with Client("test") as client:
        assert client.items("/api/v1/nodes") == [1]
    assert pauses == [2.0, 1.0, 1.0]


def test_a_login_page_in_place_of_an_answer_is_one_line(kubeconfig, monkeypatch):
    kubeconfig()
    with Client("test") as client:
        monkeypatch.setattr(client._http, "request", Mock(return_value=httpx.Response(200, text="<html>")))
        with pytest.raises(ClusterUnreachable, match="GET /version was answered with no JSON"):
            client.get("/version")


def test_the_clusters_clock_is_that_of_its_last_answer(api):
    api.append((200, {"Date": "Wed, 02 Dec 2020 09:00:00 GMT"}, {}))
    with Client("test") as client:
        assert abs(client.now() - datetime.now(UTC)) < timedelta(seconds=5)
        client._date = "Wed, 02 Dec 2020 09:00:00 GMT"
        assert client.now() == datetime(2020, 12, 2, 9, tzinfo=UTC)


def test_a_handshake_that_broke_off_is_tried_again(kubeconfig, monkeypatch):
    kubeconfig()
    answers = [httpx.ConnectError("tlsv1 alert decode error"), httpx.Response(200, json={"items": [1]})]
    with Client("test") as client:
        monkeypatch.setattr(client._http, "request", Mock(side_effect=answers))
        assert client.items("/api/v1/nodes") == [1]


def test_an_answer_is_its_json_and_a_kind_that_the_server_does_not_know_has_no_items(api):
    api += [(200, {}, {"gitVersion": "v1.35.2"}), (404, {}, {})]
    with Client("test") as client:
        assert client.get("/version") == {"gitVersion": "v1.35.2"}
        assert client.items("/apis/none/v1/things") == []


def test_a_long_list_is_read_page_by_page(api):
    api += [(200, {}, {"metadata": {"continue": "next"}, "items": [1, 2]}), (200, {}, {"metadata": {}, "items": [3]})]
    with Client("test") as client:
        pages = client.each("/api/v1/pods", labelSelector="a=b")
        assert (next(pages), next(pages), len(api)) == (1, 2, 1)
        assert list(pages) == [3]


@table(
    (403, "nodes is forbidden", Forbidden, "nodes is forbidden"),
    (422, "spec is wrong", Refused, "spec is wrong"),
    (401, "", ClusterUnreachable, "the credentials are refused"),
)
def test_a_missing_right_is_told_from_other_refusals_in_the_servers_own_words(api, status, message, error, words):
    api.append((status, {}, {"message": message}))
    with Client("test") as client, pytest.raises(error, match=words) as raised:
        client.get("/api/v1/nodes")
    assert raised.type is error
    assert getattr(raised.value, "reason", message) == message
