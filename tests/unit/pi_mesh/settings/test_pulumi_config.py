"""The distinction of plain values and secrets."""

import pytest

from pi_mesh.settings import SettingsError, parse
from pi_mesh.settings.pulumi_config import plain_values
from tests.support.factories import pulumi_config
from tests.support.findings import case, table

SECRETS = ("pi-mesh:vaultToken", "pi-mesh:caKey")


def test_an_encrypted_setting_is_refused():
    with pytest.raises(SettingsError, match=r"istio: is encrypted, but only .*vaultToken"):
        plain_values(pulumi_config(), ["pi-mesh:istio"])


@table(("STRICT", "mtls: 'STRICT': "), ('{"mode":' * 2000, "mtls: has more than 100 levels of keys; write fewer"))
def test_an_object_that_is_a_text_or_too_deep_for_python_is_refused_with_its_key(value, line):
    with pytest.raises(SettingsError, match=line):
        parse(plain_values(pulumi_config() | {"pi-mesh:mtls": value}))


@pytest.mark.parametrize("key", SECRETS)
@table(
    case("as Pulumi gives it", "hvs.x", True),
    case("as in a stack file", {"secure": "v1:abc"}, False),
    case("empty", "", False),
)
def test_a_secret_key_never_enters_the_settings(key, value, is_encrypted):
    assert plain_values({key: value}, [key] if is_encrypted else []) == {}


@pytest.mark.parametrize("key", SECRETS)
@pytest.mark.parametrize("value", ["hvs.PLAIN", "secure", {"plain": "hvs.PLAIN"}, ["secure"]], ids=str)
def test_a_secret_in_plain_text_is_refused_without_being_repeated(key, value):
    line = rf"{key[8:]}: is in plain text.*`pulumi config set --secret"
    with pytest.raises(SettingsError, match=line) as refused:
        plain_values({key: value}, ())
    assert "hvs.PLAIN" not in str(refused.value)


@pytest.mark.parametrize("project", ["pi_mesh", "pimesh", "PI-MESH", "pi-mehs", "pi-mesh2"])
def test_a_key_of_a_project_that_is_nearly_ours_is_refused_with_the_cure(project):
    line = f"{project}:mtls: is a key of the project {project}, which nothing reads; did you mean `pi-mesh:mtls`"
    with pytest.raises(SettingsError, match=line):
        plain_values({"pi-mesh:istio": {}, f"{project}:mtls": {"mode": "STRICT"}})


@pytest.mark.parametrize("project", ["kubernetes", "vault", "pulumi", "aws", "my-mesh-apps"])
def test_a_key_of_another_project_is_left_alone(project):
    assert plain_values({"pi-mesh:istio": {"a": 1}, f"{project}:region": "x"}) == {"istio": {"a": 1}}
