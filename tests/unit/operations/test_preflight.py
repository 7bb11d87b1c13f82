"""The command `preflight`: extra values for charts that are not on this machine."""

import pytest

from operations import preflight
from operations.charts import lock
from operations.charts.lock import ChartUnavailableError
from pi_mesh.checks.observation import Observation
from tests.support import charts
from tests.support.factories import make_mesh
from tests.support.findings import assert_lines
from tests.support.versions import NEWEST

DISTANT = {
    "charts": {"source": "https://charts.example"},
    "istio": {"version": NEWEST, "values": {"globl": {"hub": "x"}}},
}


@pytest.fixture
def fetched(monkeypatch, tmp_path):
    """Return the charts that were fetched, into an empty home folder."""
    fetched = []

    def read_chart(source, chart, version):
        fetched.append((source, chart))
        return charts.package(chart, version).read_bytes()

    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(lock, "read_chart", read_chart)
    return fetched


def test_the_chart_of_a_repository_is_fetched_once_and_its_values_are_judged(fetched):
    for _ in range(2):
        findings = preflight._of_distant_charts(Observation(make_mesh(**DISTANT)))
        assert_lines(findings, "WARNING istio.values.globl: …did you mean `global`?")
    assert fetched == [("https://charts.example", "istiod")]


def test_a_source_that_does_not_answer_leaves_the_values_unknown(monkeypatch, tmp_path):
    def read_chart(*_):
        raise ChartUnavailableError("no answer")

    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(lock, "read_chart", read_chart)
    assert_lines(preflight._of_distant_charts(Observation(make_mesh(**DISTANT))), "UNKNOWN istio.values: …no answer")


def test_nothing_is_fetched_for_settings_without_extra_values(fetched):
    assert preflight._of_distant_charts(Observation(make_mesh(charts=DISTANT["charts"]))) == []
    assert fetched == []
