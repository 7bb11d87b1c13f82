"""The Helm values of cert-manager."""

import pytest

from pi_mesh.settings import SettingsError
from pi_mesh.values import cert_manager
from tests.support.factories import make_mesh, make_settings

KEYLESS = {"enabled": True, "address": "https://vault.example:8200", "key": "internal"}


def test_extra_values_of_the_chart_may_not_contradict():
    with pytest.raises(SettingsError, match=r"vault\.certManager\.values\.webhook\.replicaCount"):
        make_mesh(vault={**KEYLESS, "certManager": {"values": {"webhook": {"replicaCount": 1}}}})


@pytest.mark.parametrize("vault", [{}, {"certManager": {"address": "http://vault.vault:8200"}}], ids=str)
def test_the_issuer_calls_vault_at_its_own_address_else_at_its_service_in_the_cluster(vault):
    made = cert_manager.issuer(make_settings(vault={**KEYLESS, **vault}))
    expected = vault.get("certManager", {}).get("address", "https://vault.vault.svc:8200")
    assert made["spec"]["vault"]["server"] == expected


@pytest.mark.parametrize(("ca", "bundle"), [(None, None), ("", None), ("CA", "Q0E=")])
def test_the_issuer_has_the_ca_of_vaults_own_certificate_where_one_is_given(ca, bundle):
    issuer = cert_manager.issuer(make_settings(vault=KEYLESS))
    made = cert_manager.with_ca_bundle(issuer, ca)
    assert made["spec"]["vault"].get("caBundle") == bundle
    assert made["spec"]["vault"]["server"] == issuer["spec"]["vault"]["server"]
