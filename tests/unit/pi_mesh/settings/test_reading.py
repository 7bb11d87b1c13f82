"""How settings are read: in the program, from Pulumi outside of it, and from a stack file alone."""

import json
import os
from pathlib import Path

import jsonschema
import pytest
import yaml
from pulumi import RunError
from pulumi.runtime import set_all_config

from components import config as program
from operations import stacks
from operations.pulumi import PulumiFailed
from pi_mesh.settings import SettingsError, parse, schema
from pi_mesh.settings.raw import plain_values
from tests.support.factories import raw_settings

ROOT = Path(__file__).resolve().parents[4]
STACK_FILES = sorted(ROOT.glob("Pulumi.*.yaml"))


def config(**overrides: object) -> dict[str, str]:
    """As Pulumi hands it to a program: objects are JSON texts."""
    return {f"pi-mesh:{key}": json.dumps(value) for key, value in raw_settings(**overrides).items()}


@pytest.fixture
def configure():
    """Sets the config that the program finds."""
    yield set_all_config
    set_all_config({})


@pytest.fixture
def pulumi_says(tmp_path, monkeypatch):
    """A command `pulumi` that prints this, and ends with this status."""

    def install(stdout: str = "", stderr: str = "", status: int = 0) -> None:
        (tmp_path / "out").write_text(stdout)
        (tmp_path / "err").write_text(stderr)
        command = tmp_path / "pulumi"
        command.write_text(f'#!/bin/sh\ncat "{tmp_path}/out"; cat "{tmp_path}/err" >&2; exit {status}\n')
        command.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/usr/bin{os.pathsep}/bin")

    return install


def test_the_program_reads_every_key_of_its_project(configure):
    configure(config(ingress={"replicas": 2}) | {"aws:region": "moon"})
    assert program.load().ingress.replicas == 2


def test_the_program_refuses_a_key_that_is_not_known(configure):
    configure(config(ingres={}))
    with pytest.raises(SettingsError, match="ingres: is not a setting"):
        program.load()


def test_settings_problems_reach_the_user_without_a_traceback():
    with pytest.raises(RunError, match="ingres: is not a setting"), program.plain_errors():
        raise SettingsError(["ingres: is not a setting"])


def test_an_encrypted_setting_is_refused():
    with pytest.raises(SettingsError, match=r"istio: is encrypted; only .*vaultToken"):
        plain_values(config(), ["pi-mesh:istio"])


def test_a_secret_key_never_enters_the_settings():
    assert "vaultToken" not in plain_values({"pi-mesh:vaultToken": "hvs.x"}, ["pi-mesh:vaultToken"])


def test_an_object_that_is_a_text_is_refused_with_its_key():
    values = plain_values(config() | {"pi-mesh:mtls": "STRICT"})
    with pytest.raises(SettingsError, match="mtls: 'STRICT': "):
        parse(values)


def test_outside_of_the_program_pulumi_is_asked(pulumi_says):
    entries = {
        key: {"value": value, "objectValue": json.loads(value), "secret": False} for key, value in config().items()
    }
    pulumi_says(json.dumps(entries | {"pi-mesh:vaultToken": {"secret": True}}))
    assert stacks.load("lab").cluster.context == "test"


def test_a_stack_that_pulumi_does_not_know_is_one_line(pulumi_says):
    pulumi_says(stderr="error: no stack named 'nope' found\n", status=255)
    with pytest.raises(PulumiFailed) as refused:
        stacks.load("nope")
    assert str(refused.value).startswith("pulumi config --json --stack nope: failed: no stack named 'nope' found; ")


def test_without_pulumi_the_reader_says_so(monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(PulumiFailed, match="pulumi is not on PATH"):
        stacks.load("lab")


def test_a_file_that_is_no_stack_file_is_refused_by_name(tmp_path):
    (tmp_path / "Pulumi.x.yaml").write_text("- 1\n")
    with pytest.raises(SettingsError, match=r"Pulumi\.x\.yaml: is not a stack file"):
        stacks.load_file(tmp_path / "Pulumi.x.yaml")


@pytest.mark.parametrize("path", STACK_FILES, ids=lambda path: path.name)
def test_the_stack_files_are_valid(path):
    assert stacks.load_file(path).istio.version


def test_the_pi_clusters_file_says_what_the_role_said():
    settings = stacks.load_file(ROOT / "Pulumi.pi-cluster.yaml")
    role = {"cluster": {"context": "pi-cluster"}, "istio": {"version": "1.20.3"}}
    assert settings == parse(role)


@pytest.mark.parametrize("path", STACK_FILES, ids=lambda path: path.name)
def test_editors_accept_the_stack_files(path):
    jsonschema.validate(yaml.safe_load(path.read_text()), schema.stack_file())


def test_editors_mark_what_the_program_would_refuse():
    written = {"config": {f"pi-mesh:{key}": value for key, value in raw_settings(ingres={}).items()}}
    with pytest.raises(jsonschema.ValidationError, match="ingres"):
        jsonschema.validate(written, schema.stack_file())


@pytest.mark.parametrize("path", schema.documents(), ids=lambda path: path.name)
def test_the_generated_documents_are_current(path):
    assert path.read_text() == schema.documents()[path], "run `make schema`"
