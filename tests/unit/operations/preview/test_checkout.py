"""The two sides of a preview: their files, their intent."""

import json
import subprocess
import sys

import pytest
import yaml

from operations.preview import checkout, engine, engine_result
from operations.preview.engine import Checkout
from pi_mesh.settings.raw import STAND_IN, plain_values

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
    checkout.base("main", repository, side)
    assert (side / "Pulumi.yaml").read_text() == "name: x"
    assert {path.name for path in side.iterdir()} == {"Pulumi.yaml", ".gitignore", "gone"}


def test_the_working_tree_counts_as_it_is_without_ignored_files(repository, tmp_path):
    side = tmp_path / "side"
    checkout.working_tree(repository, side)
    assert (side / "Pulumi.yaml").read_text() == "name: y"
    assert {path.name for path in side.rglob("*")} == {"Pulumi.yaml", ".gitignore", "components", "new.py"}


def test_an_unknown_base_is_named(repository, tmp_path):
    with pytest.raises(checkout.UnknownRevisionError, match="no-such-branch"):
        checkout.base("no-such-branch", repository, tmp_path / "side")


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
    assert engine.preview(Checkout(tmp_path, "pi", {})) == engine_result.NOTHING


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
