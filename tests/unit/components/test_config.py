"""The settings of the program."""

import pytest
from pulumi import RunError
from pulumi.runtime import set_all_config

from components import config as program
from pi_mesh.settings import SettingsError
from tests.support.factories import pulumi_config


@pytest.fixture
def configure():
    """Yield a function that sets the program's config."""
    yield set_all_config
    set_all_config({})


def test_the_program_reads_every_key_of_its_project(configure):
    configure(pulumi_config(ingress={"replicas": 2}) | {"aws:region": "moon"})
    assert program.load().ingress.replicas == 2


def test_a_conflict_and_a_contradicting_extra_value_come_together(configure):
    configure(pulumi_config(trading={"namespace": "istio-system"}, istio={"values": {"pilot": {"replicaCount": 2}}}))
    with pytest.raises(RunError) as refused, program.plain_errors():
        program.load()
    assert str(refused.value).splitlines()[0] == "2 problems in the stack's settings:"
    assert "trading.namespace and istio.namespace are both" in str(refused.value)
    assert "istio.values.pilot.replicaCount: 2 contradicts 1" in str(refused.value)


def test_a_mesh_takes_the_stacks_settings_with_the_programs_changes_and_its_secrets(configure):
    configure(pulumi_config(ingress={"replicas": 2}) | {"pi-mesh:caKey": "k"}, ["pi-mesh:caKey"])
    settings = program.load_mesh({"ingress": {"drainSeconds": 7}}, {"vaultToken": "t"})
    assert (settings.ingress.replicas, settings.ingress.drain_seconds, program.vault_token()) == (2, 7, "t")


def test_a_secret_that_no_mesh_has_is_refused(configure):
    configure(pulumi_config())
    with pytest.raises(SettingsError, match="vaultTokn: is encrypted, but only caKey, registryPassword, vaultToken"):
        program.load_mesh({}, {"vaultTokn": "t"})
