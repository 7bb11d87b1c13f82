"""The cluster of a KUBECONFIG with several files: the same one as for kubectl, helm and the provider."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from lightkube.config.models import User

from pi_mesh.cluster.errors import ClusterUnreachable
from pi_mesh.cluster.kubeconfig import connection


@pytest.fixture
def kubeconfigs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Set two files, each with an entry `default`, as k3s names every cluster, user and context; each beside its CA."""
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


def kubeconfig(user: dict) -> dict:
    """Return the content of a kubeconfig with the context pi, and this user."""
    return {
        "current-context": "pi",
        "clusters": [{"name": "pi", "cluster": {"server": "https://pi.example"}}],
        "users": [{"name": "pi", "user": user}],
        "contexts": [{"name": "pi", "context": {"cluster": "pi", "user": "pi"}}],
    }


@pytest.fixture
def user_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., User | None]:
    """Return `user_of(*contents)`: the user of kubeconfig files with these contents, named `0`, `1`, ..."""

    def made(*contents: object) -> User | None:
        files = [tmp_path / str(number) for number in range(len(contents))]
        for file, content in zip(files, contents, strict=True):
            file.write_text(yaml.safe_dump(content))
        monkeypatch.setenv("KUBECONFIG", os.pathsep.join(map(str, files)))
        return connection("pi").user

    return made


def test_an_entry_counts_as_a_whole_and_takes_nothing_of_a_later_one(user_of):
    user = user_of(kubeconfig({"token": "first"}), kubeconfig({"username": "later"}))
    assert (user.token, user.username) == ("first", None)


@pytest.mark.parametrize(("command", "expected"), [("./login", "{folder}/login"), ("login", "login")])
def test_a_helper_with_a_path_is_looked_up_beside_its_file_and_a_bare_name_on_path(
    user_of, tmp_path, command, expected
):
    user = user_of(kubeconfig({"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": command}}))
    assert user.exec.command == expected.format(folder=tmp_path)


def test_a_list_without_names_is_one_line_that_names_the_file(user_of):
    with pytest.raises(ClusterUnreachable, match=r"/0: is not a kubeconfig"):
        user_of({"clusters": ["pi"]})
