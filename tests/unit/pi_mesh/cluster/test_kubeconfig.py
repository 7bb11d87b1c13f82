"""Which cluster is meant where KUBECONFIG names several files: the same one as for kubectl, helm and the provider."""

import os
from pathlib import Path

import pytest
import yaml

from pi_mesh.cluster.errors import ClusterUnreachable
from pi_mesh.cluster.kubeconfig import connection


@pytest.fixture
def kubeconfigs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two files, each with an entry `default`, as k3s calls every cluster, user and context; each beside its CA."""
    files = []
    for name in ("a", "b"):
        cluster = {"server": f"https://cluster-{name}.example:6443", "certificate-authority": "ca.crt"}
        content = {
            "current-context": "default",
            "clusters": [{"name": "default", "cluster": cluster}],
            "users": [{"name": "default", "user": {"token": f"token-{name}"}}],
            "contexts": [{"name": "default", "context": {"cluster": "default", "user": "default"}}],
        }
        if name == "a":
            content["clusters"].append({"name": "other", "cluster": {"server": "https://other.example"}})
        file = tmp_path / name / "config"
        file.parent.mkdir()
        file.write_text(yaml.safe_dump(content))
        (file.parent / "ca.crt").write_text(name)
        files.append(str(file))
    monkeypatch.setenv("KUBECONFIG", os.pathsep.join(files))


def test_the_first_entry_of_a_name_wins_as_for_kubectl(kubeconfigs):  # noqa: ARG001
    live = connection("default")
    assert live.user is not None
    assert (live.cluster.server, live.user.token) == ("https://cluster-a.example:6443", "token-a")


def test_a_relative_path_is_looked_up_beside_the_file_that_names_it(tmp_path, monkeypatch):
    only_context = {"current-context": "pi", "contexts": [{"name": "pi", "context": {"cluster": "pi", "user": "pi"}}]}
    cluster = {"server": "https://pi.example:6443", "certificate-authority": "ca.crt"}
    only_cluster = {"clusters": [{"name": "pi", "cluster": cluster}], "users": [{"name": "pi", "user": {"token": "t"}}]}
    for name, content in (("first", only_context), ("second", only_cluster)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "config").write_text(yaml.safe_dump(content))
    monkeypatch.setenv("KUBECONFIG", os.pathsep.join(f"{tmp_path}/{name}/config" for name in ("first", "second")))
    live = connection("pi")
    assert Path(live.abs_file(live.cluster.certificate_auth)) == tmp_path / "second" / "ca.crt"


def kubeconfig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *contents: object) -> None:
    """Write a file for each content, and let KUBECONFIG name them."""
    files = [tmp_path / str(number) for number in range(len(contents))]
    for file, content in zip(files, contents, strict=True):
        file.write_text(yaml.safe_dump(content))
    monkeypatch.setenv("KUBECONFIG", os.pathsep.join(map(str, files)))


def test_an_entry_counts_as_a_whole_and_takes_nothing_of_a_later_one(tmp_path, monkeypatch):
    def content(user: dict) -> dict:
        return {
            "current-context": "pi",
            "clusters": [{"name": "pi", "cluster": {"server": "https://pi.example"}}],
            "users": [{"name": "pi", "user": user}],
            "contexts": [{"name": "pi", "context": {"cluster": "pi", "user": "pi"}}],
        }

    kubeconfig(tmp_path, monkeypatch, content({"token": "first"}), content({"username": "later"}))
    user = connection("pi").user
    assert user is not None
    assert (user.token, user.username) == ("first", None)


def test_a_helper_command_with_a_path_is_looked_up_beside_its_file_and_a_bare_one_on_path(tmp_path, monkeypatch):
    for command, expected in (("./login", str(tmp_path / "login")), ("login", "login")):
        user = {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": command}}
        content = {
            "current-context": "pi",
            "clusters": [{"name": "pi", "cluster": {"server": "https://pi.example"}}],
            "users": [{"name": "pi", "user": user}],
            "contexts": [{"name": "pi", "context": {"cluster": "pi", "user": "pi"}}],
        }
        kubeconfig(tmp_path, monkeypatch, content)
        live = connection("pi").user
        assert live is not None
        assert live.exec is not None
        assert live.exec.command == expected


def test_a_list_without_names_is_one_line_that_names_the_file(tmp_path, monkeypatch):
    kubeconfig(tmp_path, monkeypatch, {"clusters": ["pi"]})
    with pytest.raises(ClusterUnreachable, match=r"/0: is not a kubeconfig"):
        connection("pi")
