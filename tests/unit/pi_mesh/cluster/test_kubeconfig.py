"""Which cluster is meant where KUBECONFIG names several files: the same one as for kubectl, helm and the provider."""

import os
from pathlib import Path

import pytest
import yaml

from pi_mesh.cluster.kubeconfig import connection
from tests.support import awaited


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


@awaited.truth("H1 the last entry of a name wins, where kubectl takes the first")
def test_the_first_entry_of_a_name_wins_as_for_kubectl(kubeconfigs):  # noqa: ARG001
    live = connection("default")
    assert live.user is not None
    assert (live.cluster.server, live.user.token) == ("https://cluster-a.example:6443", "token-a")


@awaited.truth("H1 a relative path in the second file is looked up beside the first")
def test_a_relative_path_is_looked_up_beside_the_file_that_names_it(tmp_path, monkeypatch):
    only_context = {"current-context": "pi", "contexts": [{"name": "pi", "context": {"cluster": "pi", "user": "pi"}}]}
    cluster = {"server": "https://pi.example:6443", "certificate-authority": "ca.crt"}
    only_cluster = {"clusters": [{"name": "pi", "cluster": cluster}], "users": [{"name": "pi", "user": {"token": "t"}}]}
    for name, content in (("first", only_context), ("second", only_cluster)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "config").write_text(yaml.safe_dump(content))
    monkeypatch.setenv("KUBECONFIG", os.pathsep.join(f"{tmp_path}/{name}/config" for name in ("first", "second")))
    live = connection("pi")
    assert live.abs_file(live.cluster.certificate_auth) == tmp_path / "second" / "ca.crt"
