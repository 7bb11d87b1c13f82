"""How the program reads its settings."""

import pytest
from pulumi import RunError
from pulumi.runtime import set_all_config

from components import config as program
from pi_mesh.settings import SettingsError
from tests.support.factories import pulumi_config


@pytest.fixture
def configure():
    """Sets the config that the program finds."""
    yield set_all_config
    set_all_config({})


def test_the_program_reads_every_key_of_its_project(configure):
    configure(pulumi_config(ingress={"replicas": 2}) | {"aws:region": "moon"})
    assert program.load().ingress.replicas == 2


def test_the_program_refuses_a_key_that_is_not_known(configure):
    configure(pulumi_config(ingres={}))
    with pytest.raises(SettingsError, match="ingres: is not a setting"):
        program.load()


def test_settings_problems_reach_the_user_without_a_traceback():
    with pytest.raises(RunError, match="ingres: is not a setting"), program.plain_errors():
        raise SettingsError(["ingres: is not a setting"])
