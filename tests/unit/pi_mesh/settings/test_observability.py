"""The settings of access logs: off by default, and refused where no proxy could write them."""

import pytest

from pi_mesh.settings import SettingsError
from tests.support.factories import make_settings


def refused(**settings: object) -> str:
    with pytest.raises(SettingsError) as problem:
        make_settings(**settings)
    return str(problem.value)


def test_nothing_is_logged_by_default():
    assert not make_settings().observability.access_logs.enabled


def test_a_namespace_without_sidecars_can_not_log():
    logs = {"accessLogs": {"namespaces": ["trading", "nowhere"]}}
    said = refused(observability=logs, trading={"injection": False})
    assert "accessLogs.namespaces has 'trading', which is no namespace of workloads with sidecars" in said
    assert "'nowhere'" in said


def test_gateways_that_are_off_can_not_log():
    off = {"enabled": False}
    said = refused(observability={"accessLogs": {"gateways": True}}, ingress=off, egress=off)
    assert "accessLogs.gateways is true, but neither gateway is enabled" in said
    make_settings(observability={"accessLogs": {"gateways": True}}, ingress=off)


def test_paths_without_a_log_are_refused():
    said = refused(observability={"accessLogs": {"paths": True}})
    assert "accessLogs.paths is true, but nothing is logged" in said


@pytest.mark.parametrize("sampling", [-1, 101])
def test_a_percentage_is_within_its_bounds(sampling):
    assert "sampling" in refused(observability={"accessLogs": {"gateways": True, "sampling": sampling}})
