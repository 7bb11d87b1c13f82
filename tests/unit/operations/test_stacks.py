"""The settings outside of the program: from Pulumi, and from a stack file alone."""

import json
from pathlib import Path

import pytest

from operations import pulumi, stacks
from operations.pulumi import PulumiFailed
from pi_mesh.cluster.stack_state import NEVER_RUN
from tests.support.factories import pulumi_config

ROOT = Path(__file__).resolve().parents[3]
STACK_FILES = sorted(ROOT.glob("Pulumi.*.yaml"))


def test_outside_of_the_program_pulumi_is_asked(pulumi_says):
    entries = {
        key: {"value": value, "objectValue": json.loads(value), "secret": False}
        for key, value in pulumi_config().items()
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


def test_the_state_is_exported_while_the_caller_reads_the_cluster(monkeypatch):
    resources = [{"type": "pulumi:pulumi:Stack", "outputs": {"cluster": {"uid": "c"}}}]
    monkeypatch.setattr(
        pulumi, "config", lambda _: {key: {"objectValue": json.loads(value)} for key, value in pulumi_config().items()}
    )
    monkeypatch.setattr(pulumi, "export", lambda _: {"deployment": {"resources": resources}})
    settings, exported = stacks.load_with_state("lab")
    assert (settings.cluster.context, exported().cluster_uid) == ("test", "c")


def test_a_stack_that_never_ran_holds_nothing():
    assert stacks.of_export({"deployment": {"resources": None}}) == NEVER_RUN


def test_settings_can_be_had_as_they_would_be_with_other_values(monkeypatch):
    monkeypatch.setattr(pulumi, "config", lambda _: {key: {"value": value} for key, value in pulumi_config().items()})
    changed = stacks.load_changed("lab", {"releases.names.istiod": "mesh", "trading.adopt": True})
    assert changed.releases.names.istiod == "mesh"
    assert changed.trading.adopt
    assert not stacks.load("lab").trading.adopt
