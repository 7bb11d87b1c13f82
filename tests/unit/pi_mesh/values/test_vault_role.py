"""How long Vault's role lets certificates live."""

import pytest

from pi_mesh.values import vault_role
from tests.support.factories import make_settings


@pytest.mark.parametrize(("lifetime", "longest"), [("2h", 86400), ("90m", 86400), ("48h", 172800)])
def test_vaults_role_lets_certificates_live_as_long_as_the_settings_say(lifetime, longest):
    assert vault_role.of(make_settings(mtls={"certificateLifetime": lifetime})).longest == longest
