"""The two sides of a preview: their files, their stack file, their commits."""

import shutil
import subprocess
import sys
from dataclasses import replace

import pytest
import yaml

from operations.failures import NotRunnableError
from operations.pull_request import checkout
from operations.pull_request.checkout import Revision
from pi_mesh.settings import SettingsError
from pi_mesh.settings.pulumi_config import STAND_IN
from tests.support.files import commit, git, make_repository, write_files
from tests.support.versions import NEWEST

WORKFLOW = {"SERVER_URL": "https://host", "REPOSITORY": "a/b", "RUN_ID": "7"}


def short(folder, revision: str) -> str:
    return git(folder, "rev-parse", "--short", revision)


@pytest.fixture(scope="module")
def committed(tmp_path_factory):
    """Return a branch `change` of one commit that adds README.md, beside a main with a later commit."""
    first = {"Pulumi.yaml": "name: x", ".gitignore": "ignored", "gone": "x"}
    folder = make_repository(tmp_path_factory.mktemp("committed"), first)
    git(folder, "checkout", "-b", "change")
    commit(folder, {"README.md": ""})
    git(folder, "checkout", "main")
    commit(folder, {"later": ""})
    git(folder, "checkout", "change")
    return folder


@pytest.fixture
def repository(committed, tmp_path, monkeypatch):
    """Return a copy of the repository, outside of a workflow."""
    for name in ("EVENT_NAME", *WORKFLOW):
        monkeypatch.delenv(f"GITHUB_{name}", raising=False)
    return shutil.copytree(committed, tmp_path / "repository")


def test_the_base_is_where_the_branch_began(repository, tmp_path):
    checkout.unpack_base("main", repository, tmp_path / "side")
    assert {path.name for path in (tmp_path / "side").iterdir()} == {"Pulumi.yaml", ".gitignore", "gone"}


def test_the_working_tree_counts_as_it_is_without_ignored_files(repository, tmp_path):
    write_files(repository, {"Pulumi.yaml": "name: y", "components/new.py": "", "ignored": "x"})
    (repository / "gone").unlink()
    side = tmp_path / "side"
    checkout.copy_working_tree(repository, side)
    assert (side / "Pulumi.yaml").read_text() == "name: y"
    names = {"Pulumi.yaml", ".gitignore", "README.md", "components", "new.py"}
    assert {path.name for path in side.rglob("*")} == names


def test_an_unknown_base_is_named(repository, tmp_path):
    with pytest.raises(checkout.UnknownRevisionError, match="no-such-branch"):
        checkout.unpack_base("no-such-branch", repository, tmp_path / "side")
    with pytest.raises(checkout.UnknownRevisionError, match="no-such-branch"):
        checkout.compared_revision(repository, "no-such-branch")


def test_a_missing_git_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(NotRunnableError, match="the command git is not on PATH"):
        checkout.compared_revision(tmp_path, "main")


def prepared(folder, text: str) -> tuple[dict, dict]:
    """Return the config as it is shown, and the stack file that the preview gets."""
    write_files(folder, {"Pulumi.pi.yaml": text})
    shown = checkout.prepare(folder, "pi")
    return shown, yaml.safe_load((folder / "Pulumi.pi.yaml").read_text())


ISTIO = {"pi-mesh:istio": {"version": NEWEST, "list": [1]}}
HIDDEN = {"pi-mesh:vaultToken": STAND_IN}
PEM = {"pi-mesh:ca": {"source": "pem", "chain": "the chain"}}
VAULT = {"pi-mesh:vault": {"enabled": True, "address": "https://vault.example"}}


@pytest.mark.parametrize(("config", "shown", "given"), [
    pytest.param({**ISTIO, "pi-mesh:vaultToken": {"secure": "v1:abc"}}, HIDDEN, HIDDEN, id="secrets stay out"),
    pytest.param({**ISTIO, **PEM}, PEM, {"pi-mesh:ca": {}}, id="a CA without Vault is left out with its key"),
    pytest.param({**ISTIO, **VAULT}, VAULT, {"pi-mesh:vault": {"enabled": False}}, id="Vault is switched off"),
    pytest.param(VAULT, VAULT, VAULT, id="a stack of the CA alone keeps its settings"),
])  # fmt: skip
def test_the_preview_gets_neither_secrets_nor_the_ca_but_the_settings_are_shown(tmp_path, config, shown, given):
    text = yaml.safe_dump({"encryptionsalt": "v1:salt", "config": config})
    assert prepared(tmp_path, text) == ({**config, **shown}, {"config": {**config, **given}})
    assert (tmp_path / ".venv").readlink().as_posix() == sys.prefix


@pytest.mark.parametrize("text", ["", "config:\n", "encryptionsalt: x\n"])
def test_a_stack_file_without_config_is_empty(tmp_path, text):
    assert prepared(tmp_path, text)[0] == {}


def test_a_stack_file_that_cannot_be_read_is_one_line(tmp_path):
    with pytest.raises(SettingsError, match=r"Pulumi\.pi\.yaml: is not valid YAML: line 1, [^\n]*$"):
        prepared(tmp_path, "a: [1")


@pytest.mark.parametrize(("bounds", "after"), [
    ('{"gateway-hosts": {}}', '{"gateway-hosts": {}, "chart-source": {"packaged": true}}'),
    pytest.param("{", "{", id="policy config that is no JSON is left as it is"),
])  # fmt: skip
def test_charts_at_hand_come_into_the_side_and_its_policy_config(tmp_path, bounds, after):
    write_files(tmp_path, {"side/policies/config/pi.json": bounds})
    config = checkout.use_charts(tmp_path / "side", tmp_path / "packages", "pi")
    assert (tmp_path / "side" / config["pi-mesh:charts.source"]).readlink() == tmp_path / "packages"
    assert (tmp_path / "side/policies/config/pi.json").read_text() == after


@pytest.mark.parametrize(("files", "more"), [((), ""), (("new",), " and what is not committed yet")])
def test_both_commits_are_named_and_only_the_branchs_own_changes_count(repository, files, more):
    write_files(repository, dict.fromkeys(files, "x"))
    base, head = short(repository, "main~1"), f"`{short(repository, 'change')}`{more}"
    assert checkout.compared_revision(repository, "main") == Revision("main", base, head, None, ("README.md", *files))


@pytest.mark.parametrize("change", ["git mv gone docs.md", "rm gone", "ln --symbolic --force README.md gone"])
def test_a_file_that_is_no_document_is_named_wherever_it_goes(repository, change):
    subprocess.run(change.split(), cwd=repository, check=True)
    revision = checkout.compared_revision(repository, "main")
    assert ("gone" in revision.changed, revision.changes_nothing) == (True, False)


@pytest.mark.parametrize(("event", "merged", "head"), [
    ("pull_request", True, "change"), ("push", True, "HEAD"), ("pull_request", False, "main"),
])  # fmt: skip
def test_a_pull_requests_run_on_a_merge_names_its_own_commit(repository, monkeypatch, event, merged, head):
    monkeypatch.setenv("GITHUB_EVENT_NAME", event)
    git(repository, "checkout", "--quiet", "--detach", "main")
    if merged:
        git(repository, "merge", "--quiet", "--no-edit", "change")
    assert checkout.compared_revision(repository, "main").head == f"`{short(repository, head)}`"


@pytest.mark.parametrize("missing", [None, *WORKFLOW])
def test_a_run_is_linked_where_its_whole_address_is_known(repository, monkeypatch, missing):
    for name, value in WORKFLOW.items():
        monkeypatch.setenv(f"GITHUB_{name}", "" if name == missing else value)
    run = checkout.compared_revision(repository, "main").run
    assert run == (None if missing else "https://host/a/b/actions/runs/7")


@pytest.mark.parametrize(("files", "nothing"), [
    ((), True),
    (("README.md", "docs/picture.svg", "tests/unit/test_x.py"), True),
    (("README.md", "Pulumi.pi-cluster.yaml"), False),
    (("policies/config/pi-cluster.json",), False),
    (("requirements.txt",), False),
])  # fmt: skip
def test_documentation_and_tests_alone_change_no_cluster(files, nothing):
    assert Revision("main", "a", "b", None, files).changes_nothing is nothing


def test_a_document_that_a_symbolic_link_names_is_more_than_documentation(repository):
    (repository / "stack.yaml").symlink_to("README.md")
    revision = checkout.compared_revision(repository, "main")
    assert (revision.changed, revision.links) == (("README.md", "stack.yaml"), ("stack.yaml",))
    assert not replace(revision, changed=("README.md",)).changes_nothing


@pytest.mark.parametrize(("run", "link"), [(None, ""), ("https://host/1", " · [run](https://host/1)")])
def test_the_line_below_the_verdict_links_a_run_where_there_is_one(run, link):
    assert str(Revision("main", "a", "`b`", run, ())) == f"Compared `a` (main) with `b`{link}"
