"""The cluster of a KUBECONFIG with several files: the same one as for kubectl, helm and the provider."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from pi_mesh.cluster.errors import ClusterUnreachable
from pi_mesh.cluster.kubeconfig import connection, missing_credentials


def kubeconfig(user: dict | None, server: str | None = "pi") -> dict:
    """Return a file's context pi with this user, and its cluster beside a CA; without one of them, None."""
    cluster = {"server": f"https://{server}.example:6443", "certificate-authority": "ca.crt"}
    return {
        "current-context": "pi",
        "clusters": [{"name": "pi", "cluster": cluster}] if server else [],
        "users": [{"name": "pi", "user": user}] if user else [],
        "contexts": [{"name": "pi", "context": {"cluster": "pi", "user": "pi"}}],
    }


@pytest.fixture
def connected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable:
    """Return `connected(*contents)`: the connection of files with these contents, in folders `0`, `1`"""

    def read(*contents: object):
        files = [tmp_path / str(number) / "config" for number in range(len(contents))]
        for file, content in zip(files, contents, strict=True):
            file.parent.mkdir()
            file.write_text(yaml.safe_dump(content))
        monkeypatch.setenv("KUBECONFIG", os.pathsep.join(map(str, files)))
        return connection("pi")

    return read


def test_the_first_entry_of_a_name_wins_as_a_whole_and_takes_nothing_of_a_later_one_as_for_kubectl(connected):
    live = connected(kubeconfig({"token": "first"}, "a"), kubeconfig({"username": "later"}, "b"))
    assert live.cluster.server == "https://a.example:6443"
    assert (live.user.token, live.user.username) == ("first", None)


def test_a_relative_path_is_looked_up_beside_the_file_that_names_it(connected, tmp_path):
    live = connected(kubeconfig(None, None), kubeconfig({"token": "t"}))
    assert Path(live.abs_file(live.cluster.certificate_auth)) == tmp_path / "1" / "ca.crt"


@pytest.mark.parametrize(("command", "path"), [("./login", "{folder}/0/login"), ("login", "login")])
def test_a_helper_with_a_path_is_looked_up_beside_its_file_and_a_bare_name_on_path(connected, tmp_path, command, path):
    live = connected(kubeconfig({"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": command}}))
    assert live.user.exec.command == path.format(folder=tmp_path)


def test_a_list_without_names_is_one_line_that_names_the_file(connected):
    with pytest.raises(ClusterUnreachable, match=r"/0/config: is not a kubeconfig"):
        connected({"clusters": ["pi"]})


@pytest.mark.parametrize("user", [None, {"impersonate": "admin"}])
def test_a_user_without_credentials_is_one_line_and_not_a_question_on_standard_input(connected, user):
    with pytest.raises(ClusterUnreachable, match=r"its user 'pi' has no credentials in .*/0/config"):
        connected(kubeconfig(user))
    assert "has no credentials" in missing_credentials("pi")


def test_a_server_without_tls_needs_no_credentials(connected):
    content = kubeconfig({"impersonate": "admin"})
    content["clusters"][0]["cluster"] = {"server": "http://127.0.0.1:8001"}
    assert connected(content).cluster.server == "http://127.0.0.1:8001"
    assert missing_credentials("pi") == missing_credentials("of others") == ""
