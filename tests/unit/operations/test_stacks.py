"""The settings outside of the program: from Pulumi, and from a stack file alone."""

import json

import pytest

from operations import pulumi, stacks
from operations.pulumi import PulumiFailed
from pi_mesh.cluster.stack_state import NEVER_RUN
from tests.support.factories import pulumi_config


@pytest.fixture
def configured(monkeypatch) -> None:
    """Prepare the least settings and a token, as `pulumi config --json` has them."""
    token = {"pi-mesh:vaultToken": {"secret": True}}
    entries = {key: {"value": value, "objectValue": json.loads(value)} for key, value in pulumi_config().items()}
    monkeypatch.setattr(pulumi, "config", lambda _: entries | token)


@pytest.mark.usefixtures("configured")
def test_the_state_is_exported_while_the_caller_reads_the_cluster(monkeypatch):
    resources = [{"type": "pulumi:pulumi:Stack", "outputs": {"cluster": {"uid": "c"}}}]
    monkeypatch.setattr(pulumi, "export", lambda _: {"deployment": {"resources": resources}})
    settings, exported = stacks.load_with_state("lab")
    assert (settings.cluster.context, exported().cluster_uid) == ("test", "c")


def test_a_stack_that_pulumi_does_not_know_is_one_line(pulumi_says):
    pulumi_says(stderr="error: no stack named 'nope' found\n", status=255)
    with pytest.raises(PulumiFailed, match=r"^pulumi config --json --stack nope: failed: no stack named 'nope' found"):
        stacks.load("nope")


def test_a_stack_that_never_ran_holds_nothing():
    assert stacks.of_export({"deployment": {"resources": None}}) == NEVER_RUN


@pytest.mark.usefixtures("configured")
def test_settings_can_be_had_as_they_would_be_with_other_values():
    label = {'ingress.labels["example.org/team"]': "edge"}
    changed = stacks.load_changed("lab", {"releases.names.istiod": "mesh", "trading.adopt": True, **label})
    assert (changed.releases.names.istiod, changed.trading.adopt) == ("mesh", True)
    assert changed.ingress.labels == {"example.org/team": "edge"}
    assert not stacks.load("lab").trading.adopt
