"""The two sides of a preview: their files, their intent."""

import json
import subprocess
import sys

import pytest
import yaml

from operations.pull_request import checkout, engine
from operations.pull_request.checkout import Revision
from operations.pull_request.engine import Checkout
from pi_mesh.settings.pulumi_config import STAND_IN, plain_values

URN = "urn:pulumi:pi-cluster::pi-mesh::kubernetes:helm.sh/v3:Release::istiod"


@pytest.fixture
def repository(tmp_path):
    """Return a git repository with one commit on main, a branch with another, and uncommitted files."""
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch=main")
    write(folder, {"Pulumi.yaml": "name: x", ".gitignore": "ignored", "gone": "x"})
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message=first")
    git(folder, "checkout", "--quiet", "-b", "change")
    write(folder, {"Pulumi.yaml": "name: y", "components/new.py": "", "ignored": "x"})
    (folder / "gone").unlink()
    return folder


def git(folder, *arguments):
    identity = ("-c", "user.name=Test", "-c", "user.email=test@example.com")
    subprocess.run(["git", "-C", folder, *identity, *arguments], check=True)


def write(folder, files):
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)


def new(tmp_path, name="side"):
    folder = tmp_path / name
    folder.mkdir()
    return folder


def test_the_base_is_where_the_branch_began(repository, tmp_path):
    write(repository, {"later": "x"})
    side = tmp_path / "side"
    checkout.unpack_base("main", repository, side)
    assert (side / "Pulumi.yaml").read_text() == "name: x"
    assert {path.name for path in side.iterdir()} == {"Pulumi.yaml", ".gitignore", "gone"}


def test_the_working_tree_counts_as_it_is_without_ignored_files(repository, tmp_path):
    side = tmp_path / "side"
    checkout.copy_working_tree(repository, side)
    assert (side / "Pulumi.yaml").read_text() == "name: y"
    assert {path.name for path in side.rglob("*")} == {"Pulumi.yaml", ".gitignore", "components", "new.py"}


def test_an_unknown_base_is_named(repository, tmp_path):
    with pytest.raises(checkout.UnknownRevisionError, match="no-such-branch"):
        checkout.unpack_base("no-such-branch", repository, tmp_path / "side")


def test_the_secrets_of_the_stack_file_stay_out(tmp_path):
    stack_file = tmp_path / "Pulumi.pi.yaml"
    config = {"pi-mesh:vaultToken": {"secure": "v1:abc"}, "pi-mesh:istio": {"version": "1.20.3", "list": [1]}}
    stack_file.write_text(yaml.safe_dump({"encryptionsalt": "v1:salt", "config": config}))
    shown = checkout.prepare(tmp_path, "pi")
    opened = yaml.safe_load(stack_file.read_text())
    assert opened["config"] == shown == {**config, "pi-mesh:vaultToken": STAND_IN}
    assert plain_values(shown).keys() == {"istio"}
    assert "encryptionsalt" not in opened
    assert (tmp_path / ".venv").readlink().as_posix() == sys.prefix


def test_a_ca_without_vault_is_left_out_with_its_key(tmp_path):
    mesh = {"pi-mesh:istio": {"version": "1.20.3"}, "pi-mesh:ca": {"source": "pem", "chain": "the chain"}}
    stack_file = tmp_path / "Pulumi.pi.yaml"
    stack_file.write_text(yaml.safe_dump({"config": mesh}))
    assert checkout.prepare(tmp_path, "pi") == mesh
    assert yaml.safe_load(stack_file.read_text())["config"]["pi-mesh:ca"] == {}


def test_vault_is_switched_off_but_its_settings_are_shown(tmp_path):
    mesh = {"pi-mesh:istio": {"version": "1.20.3"}}
    config = {**mesh, "pi-mesh:vault": {"enabled": True, "address": "https://vault.example"}}
    (tmp_path / "Pulumi.pi.yaml").write_text(yaml.safe_dump({"config": config}))
    assert checkout.prepare(tmp_path, "pi") == config
    opened = yaml.safe_load((tmp_path / "Pulumi.pi.yaml").read_text())
    assert opened["config"] == {**mesh, "pi-mesh:vault": {"enabled": False}}


def test_charts_at_hand_come_into_the_side_and_its_policy_config(tmp_path):
    side, charts = new(tmp_path), new(tmp_path, "packages")
    write(side, {"policies/config/pi.json": '{"gateway-hosts": {}}'})
    config = checkout.use_charts(side, charts, "pi")
    assert (side / config["pi-mesh:charts.source"]).readlink() == charts
    bounds = json.loads((side / "policies" / "config" / "pi.json").read_text())
    assert bounds == {"gateway-hosts": {}, "chart-source": {"packaged": True}}


def test_a_checkout_without_a_program_wants_nothing(tmp_path):
    assert engine.preview(Checkout(tmp_path, "pi", {})) == engine.NOTHING


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a: [1", r"Pulumi\.pi\.yaml, line 1: is not YAML: "),
        ("a: b: c", r"Pulumi\.pi\.yaml, line 1: is not YAML: mapping values are not allowed here$"),
        ("\x07", r"Pulumi\.pi\.yaml: is not YAML: "),
        ("- 1", r"Pulumi\.pi\.yaml: is not a mapping with a `config:`$"),
        ("config: [1]", r"Pulumi\.pi\.yaml: `config` is not a mapping of keys such as pi-mesh:istio$"),
    ],
)
def test_a_stack_file_that_cannot_be_read_is_one_line(tmp_path, text, says):
    (tmp_path / "Pulumi.pi.yaml").write_text(text)
    with pytest.raises(checkout.StackFileError, match=says) as problem:
        checkout.prepare(tmp_path, "pi")
    assert "\n" not in str(problem.value)


@pytest.mark.parametrize("text", ["", "config:\n", "encryptionsalt: x\n"])
def test_a_stack_file_without_config_is_empty(tmp_path, text):
    (tmp_path / "Pulumi.pi.yaml").write_text(text)
    assert checkout.prepare(tmp_path, "pi") == {}


def test_policy_config_that_is_no_json_is_left_as_it_is(tmp_path):
    write(tmp_path, {"policies/config/pi.json": "{"})
    checkout.use_charts(tmp_path, new(tmp_path, "packages"), "pi")
    assert (tmp_path / "policies" / "config" / "pi.json").read_text() == "{"


IDENTITY = ("-c", "user.name=Test", "-c", "user.email=test@example.com")


def git_output(folder, *arguments) -> str:
    done = subprocess.run(["git", "-C", folder, *IDENTITY, *arguments], check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def cloned(tmp_path):
    """Return a branch of one commit, beside a main with later commits."""
    git_output(tmp_path, "init", "--quiet", "--initial-branch=main")
    for branch, file in (("main", "first"), ("change", "README.md"), ("main", "later")):
        git_output(tmp_path, "checkout", "--quiet", *(["-B", branch] if file != "later" else [branch]))
        (tmp_path / file).write_text("x")
        git_output(tmp_path, "add", ".")
        git_output(tmp_path, "commit", "--quiet", "--message", file)
    git_output(tmp_path, "checkout", "--quiet", "change")
    return tmp_path


@pytest.fixture(autouse=True)
def no_workflow(monkeypatch):
    for name in ("EVENT_NAME", "SERVER_URL", "REPOSITORY", "RUN_ID"):
        monkeypatch.delenv(f"GITHUB_{name}", raising=False)


def test_both_commits_are_named_and_only_the_branchs_own_changes_count(cloned):
    found = checkout.compared_revision(cloned, "main")
    assert found.base == git_output(cloned, "rev-parse", "--short", "main~1")
    assert found.head == f"`{git_output(cloned, 'rev-parse', '--short', 'change')}`"
    assert (found.changed, found.run) == (("README.md",), None)


def test_what_is_not_committed_counts_and_is_told(cloned):
    (cloned / "new").write_text("x")
    found = checkout.compared_revision(cloned, "main")
    assert found.changed == ("README.md", "new")
    assert found.head.endswith(" and what is not committed yet")


def test_a_workflow_names_its_run_and_the_pull_requests_own_commit(cloned, monkeypatch):
    own = git_output(cloned, "rev-parse", "--short", "change")
    git_output(cloned, "checkout", "--quiet", "--detach", "main")
    git_output(cloned, "merge", "--quiet", "--no-edit", "change")
    environment = {"EVENT_NAME": "pull_request", "SERVER_URL": "https://host", "REPOSITORY": "a/b", "RUN_ID": "7"}
    for name, value in environment.items():
        monkeypatch.setenv(f"GITHUB_{name}", value)
    found = checkout.compared_revision(cloned, "main")
    assert found.head == f"`{own}`"
    assert str(found).endswith(f"with `{own}` · [run](https://host/a/b/actions/runs/7)")


def test_the_revision_of_an_unknown_base_is_named(cloned):
    with pytest.raises(checkout.UnknownRevisionError, match="no-such"):
        checkout.compared_revision(cloned, "no-such")


@pytest.mark.parametrize(
    ("files", "nothing"),
    [
        ((), True),
        (("README.md", "docs/picture.svg", "tests/unit/test_x.py"), True),
        (("README.md", "Pulumi.pi-cluster.yaml"), False),
        (("policies/config/pi-cluster.json",), False),
        (("requirements.txt",), False),
    ],
)
def test_documentation_and_tests_alone_change_no_cluster(files, nothing):
    assert Revision("main", "a", "b", None, files).changes_nothing is nothing


@pytest.mark.parametrize("missing", ["SERVER_URL", "REPOSITORY", "RUN_ID"])
def test_no_run_is_linked_where_a_part_of_its_address_is_missing(cloned, monkeypatch, missing):
    for name, value in {"SERVER_URL": "https://host", "REPOSITORY": "a/b", "RUN_ID": "7"}.items():
        monkeypatch.setenv(f"GITHUB_{name}", "" if name == missing else value)
    assert checkout.compared_revision(cloned, "main").run is None


def test_a_merge_outside_of_a_pull_requests_run_is_the_head_itself(cloned):
    git_output(cloned, "merge", "--quiet", "--no-edit", "main")
    assert checkout.compared_revision(cloned, "main").head == f"`{git_output(cloned, 'rev-parse', '--short', 'HEAD')}`"


def test_a_pull_requests_run_on_a_commit_that_is_no_merge_names_that_commit(cloned, monkeypatch):
    monkeypatch.setenv("GITHUB_EVENT_NAME", "pull_request")
    assert (
        checkout.compared_revision(cloned, "main").head == f"`{git_output(cloned, 'rev-parse', '--short', 'change')}`"
    )


def test_the_line_below_the_verdict_links_no_run_where_there_is_none():
    assert str(Revision("main", "a", "`b`", None, ())) == "Compared `a` (main) with `b`"
