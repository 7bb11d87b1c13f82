"""The distinction of plain values and secrets."""

import pytest

from pi_mesh.settings import SettingsError, parse
from pi_mesh.settings.pulumi_config import plain_values
from tests.support.factories import pulumi_config


def test_an_encrypted_setting_is_refused():
    with pytest.raises(SettingsError, match=r"istio: is encrypted, but only .*vaultToken"):
        plain_values(pulumi_config(), ["pi-mesh:istio"])


def test_a_secret_key_never_enters_the_settings():
    assert "vaultToken" not in plain_values({"pi-mesh:vaultToken": "hvs.x"}, ["pi-mesh:vaultToken"])


def test_an_object_that_is_a_text_is_refused_with_its_key():
    values = plain_values(pulumi_config() | {"pi-mesh:mtls": "STRICT"})
    with pytest.raises(SettingsError, match="mtls: 'STRICT': "):
        parse(values)


@pytest.mark.parametrize("value", [{"secure": "v1:abc"}, ""], ids=["encrypted", "empty"])
def test_a_stack_files_own_form_of_a_secret_is_taken(value):
    assert plain_values({"pi-mesh:vaultToken": value}) == {}


@pytest.mark.parametrize("value", ["secure", {"plain": "hvs.x"}, ["secure"]], ids=str)
def test_only_an_object_with_the_key_secure_is_an_encrypted_secret(value):
    with pytest.raises(SettingsError, match="vaultToken: is in plain text"):
        plain_values({"pi-mesh:vaultToken": value}, ())


def test_a_secret_in_plain_text_is_refused_without_being_repeated():
    with pytest.raises(SettingsError) as refused:
        plain_values({"pi-mesh:vaultToken": "hvs.PLAIN"}, ())
    assert "vaultToken" in str(refused.value)
    assert "hvs.PLAIN" not in str(refused.value)
    assert "`pulumi config set --secret vaultToken`" in str(refused.value)
