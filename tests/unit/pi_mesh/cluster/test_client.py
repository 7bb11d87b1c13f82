"""The client of the cluster: only the right context, and one clear line when it does not answer."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx2 as httpx
import pytest
import yaml

from pi_mesh.cluster import client as client_module
from pi_mesh.cluster.client import Client, Forbidden, Refused
from pi_mesh.cluster.errors import ClusterUnreachable, WrongContext

Answer = tuple[int, dict, object]


@pytest.fixture
def kubeconfig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Return `kubeconfig("http://127.0.0.1:1")`: write a file whose only and current context is `test`."""

    def write(server: str, current: str = "test", name: str = "config") -> Path:
        content = {
            "clusters": [{"name": "c", "cluster": {"server": server}}],
            "users": [{"name": "u", "user": {"token": "fabricated"}}],
            "contexts": [{"name": "test", "context": {"cluster": "c", "user": "u"}}],
            "current-context": current,
        }
        file = tmp_path / name
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
        threading.Thread(target=server.serve_forever, daemon=True).start()
        kubeconfig(f"http://127.0.0.1:{server.server_address[1]}")
        yield answers
        server.shutdown()


@pytest.mark.row(17)
def test_another_current_context_is_refused_with_both_names(kubeconfig):
    kubeconfig("http://127.0.0.1:1", current="production")
    with pytest.raises(WrongContext, match=r"cluster\.context is 'test', .* current context is 'production'"):
        Client("test")


def test_the_way_to_a_context_that_the_kubeconfig_has_is_to_use_it(kubeconfig):
    kubeconfig("http://127.0.0.1:1", current="production")
    with pytest.raises(WrongContext, match=r"Run `kubectl config use-context test`, or choose the stack of 'prod"):
        Client("test")


def test_a_context_that_the_kubeconfig_lacks_is_not_to_be_used_but_to_be_set(kubeconfig):
    kubeconfig("http://127.0.0.1:1")
    with pytest.raises(WrongContext, match=r"no context 'pi-cluster': .* `pulumi config set .*context test -s"):
        Client("pi-cluster")


def test_without_a_current_context_the_known_ones_are_named(kubeconfig):
    kubeconfig("http://127.0.0.1:1", current="")
    with pytest.raises(WrongContext, match=r"no context 'pi-cluster': it has test; `kubectl config use-context NAME`"):
        Client("pi-cluster")


def test_no_kubeconfig_at_all_is_said_with_its_path(tmp_path, monkeypatch):
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    with pytest.raises(ClusterUnreachable, match=r"no kubeconfig in .*none; `export KUBECONFIG=FILE`"):
        Client("test")


def test_a_kubeconfig_that_is_no_yaml_is_named(tmp_path, monkeypatch):
    file = tmp_path / "broken"
    file.write_text("a: [")
    monkeypatch.setenv("KUBECONFIG", str(file))
    with pytest.raises(ClusterUnreachable, match="broken: is not a readable kubeconfig"):
        Client("test")


def test_several_kubeconfigs_are_merged_as_kubectl_does(kubeconfig, tmp_path, monkeypatch):
    first = tmp_path / "first"
    first.write_text("current-context: test")
    second = kubeconfig("http://127.0.0.1:1", current="other", name="second")
    monkeypatch.setenv("KUBECONFIG", f"{first}:{second}")
    with Client("test") as client:
        assert client.context == "test"


@pytest.mark.row(15)
def test_a_server_that_is_off_is_one_clear_line(kubeconfig):
    kubeconfig("http://127.0.0.1:1")
    with Client("test") as client, pytest.raises(ClusterUnreachable) as raised:
        client.get("/version")
    assert str(raised.value).startswith("cluster 'test' at http://127.0.0.1:1 does not answer: ")
    assert "\n" not in str(raised.value)


def test_an_answer_is_its_json(api):
    api.append((200, {}, {"gitVersion": "v1.35.2"}))
    with Client("test") as client:
        assert client.get("/version") == {"gitVersion": "v1.35.2"}


@pytest.mark.row(16)
def test_an_overloaded_server_is_asked_again_after_the_time_it_names(api, monkeypatch):
    pauses: list[float] = []
    monkeypatch.setattr(client_module.time, "sleep", pauses.append)
    api += [(429, {"Retry-After": "2"}, {}), (429, {}, {}), (200, {}, {"items": [1]})]
    with Client("test") as client:
        assert client.items("/api/v1/nodes") == [1]
    assert pauses == [2.0, 1.0]


def test_a_handshake_that_broke_off_is_tried_again(api, monkeypatch):
    api.append((200, {}, {"items": [1]}))
    with Client("test") as client:
        send, broken = client._http.request, [httpx.ConnectError("tlsv1 alert decode error")]
        monkeypatch.setattr(client._http, "request", lambda *a, **k: _raise(broken.pop()) if broken else send(*a, **k))
        assert client.items("/api/v1/nodes") == [1]


def _raise(error: Exception) -> None:
    raise error


def test_a_kind_that_the_server_does_not_know_has_no_items(api):
    api.append((404, {}, {}))
    with Client("test") as client:
        assert client.items("/apis/none/v1/things") == []


def test_a_long_list_is_read_page_by_page(api):
    api += [(200, {}, {"metadata": {"continue": "next"}, "items": [1, 2]}), (200, {}, {"metadata": {}, "items": [3]})]
    with Client("test") as client:
        pages = client.each("/api/v1/pods", labelSelector="a=b")
        assert (next(pages), next(pages), len(api)) == (1, 2, 1)
        assert list(pages) == [3]


def test_a_missing_right_is_told_from_other_refusals(api):
    api.append((403, {}, {"message": "nodes is forbidden"}))
    with Client("test") as client, pytest.raises(Forbidden) as raised:
        client.get("/api/v1/nodes")
    assert raised.value.reason == "nodes is forbidden"


def test_a_refusal_carries_the_servers_own_words(api):
    api.append((422, {}, {"message": "spec is wrong"}))
    with Client("test") as client, pytest.raises(Refused, match="spec is wrong"):
        client.get("/api/v1/nodes")


def test_refused_credentials_are_said(api):
    api.append((401, {}, {}))
    with Client("test") as client, pytest.raises(ClusterUnreachable, match="the credentials are refused"):
        client.get("/version")


def test_a_program_for_credentials_that_is_missing_is_one_line(kubeconfig):
    file = kubeconfig("http://127.0.0.1:1")
    content = yaml.safe_load(file.read_text())
    program = {"apiVersion": "client.authentication.k8s.io/v1beta1", "command": "no-such-program"}
    content["users"][0]["user"] = {"exec": program}
    file.write_text(yaml.safe_dump(content))
    with Client("test") as client, pytest.raises(ClusterUnreachable) as problem:
        client.get("/version")
    assert str(problem.value) == (
        "cluster 'test' at http://127.0.0.1:1 does not answer: the kubeconfig's program for credentials can't be run "
        "(No such file or directory: no-such-program); try `kubectl get nodes`"
    )
