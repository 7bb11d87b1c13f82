"""The findings of preflight and verification about extra values that no template reads."""

from pi_mesh.checks.finding import Level
from pi_mesh.checks.observation import Observation
from pi_mesh.checks.preflight import extra_values
from tests.support import charts
from tests.support.factories import make_mesh
from tests.support.healthy_mesh import make_verification
from tests.support.snapshots import make_snapshot

MISSPELT = {"pilot": {"resuorces": {"limits": {"cpu": "1"}}}}
REPOSITORY = "https://charts.example"


def mesh(source: str = ""):
    istio = {"version": charts.versions()[-1], "values": MISSPELT}
    return make_mesh(istio=istio, charts={"source": source or str(charts.folder())})


def test_a_preflight_warns_of_it_by_its_config_key():
    (finding,) = extra_values.check(Observation(mesh(), make_snapshot()))
    assert (finding.level, finding.name) == (Level.WARNING, "istio.values.pilot.resuorces")
    assert "no template of the chart istiod" in finding.message


def test_for_a_verification_it_is_an_error():
    (finding,) = extra_values.check_applied(make_verification(mesh()))
    assert finding.level is Level.ERROR


def test_of_charts_in_a_repository_nothing_is_claimed():
    assert list(extra_values.check(Observation(mesh(REPOSITORY), make_snapshot()))) == []
