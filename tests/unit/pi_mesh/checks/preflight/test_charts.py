"""The charts of a locked stack, which must equal the locked ones before anything changes."""

import time
from hashlib import sha256
from pathlib import Path

import pytest

from pi_mesh import inventory
from pi_mesh.checks.finding import Finding, Level, errors
from pi_mesh.checks.observation import Observation
from pi_mesh.checks.preflight.charts import check
from pi_mesh.inventory.chart_lock import LockedChart
from tests.support.factories import STACK, make_mesh, make_settings
from tests.support.snapshots import make_snapshot

SOURCE = "https://charts.example"
WHOLE = b"as it was released"
SUM = sha256(WHOLE).hexdigest()


@pytest.fixture
def found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Return `found(**settings)`: the findings where the lock has the three charts of 1.31.0, and their files exist."""
    monkeypatch.chdir(tmp_path)
    Path("charts").mkdir()
    entries = []
    for chart in ("base", "istiod", "gateway"):
        Path(f"charts/{chart}-1.31.0.tgz").write_bytes(WHOLE)
        entries.append(LockedChart(chart=chart, version="1.31.0", source=SOURCE, sha256=SUM))

    def run(**settings: object) -> list[Finding]:
        mesh = inventory.mesh_inventory(
            make_settings(charts={"source": SOURCE}, **settings), STACK, lock=tuple(entries)
        )
        return [*check(Observation(mesh, make_snapshot()))]

    return run


def test_the_locked_charts_are_right_each_looked_at_once(found):
    findings = found()
    assert errors(findings) == []
    assert [finding.name for finding in findings] == ["base 1.31.0", "istiod 1.31.0", "gateway 1.31.0"]


def test_a_tampered_chart_is_refused_with_both_sums(found):
    Path("charts/istiod-1.31.0.tgz").write_bytes(b"tampered")
    (finding,) = errors(found())
    assert str(finding.subject) == "chart istiod 1.31.0"
    assert sha256(b"tampered").hexdigest() in finding.message
    assert SUM in finding.message
    assert "do not install it" in finding.fix


def test_a_chart_that_is_not_there_is_to_be_fetched(found):
    Path("charts/gateway-1.31.0.tgz").unlink()
    (finding,) = errors(found())
    assert "is not there" in finding.message
    assert finding.fix == "`python -m operations charts vendor -s test` fetches it"


def test_a_chart_that_is_not_listed_is_refused_with_what_locks_it(found):
    findings = errors(found(istio={"version": "1.30.2"}))
    assert {finding.name for finding in findings} == {"base 1.30.2", "istiod 1.30.2", "gateway 1.30.2"}
    assert all("charts lock -s test" in finding.fix for finding in findings)


def test_looking_costs_a_preview_next_to_nothing(found):
    for chart in ("base", "istiod", "gateway"):
        Path(f"charts/{chart}-1.31.0.tgz").write_bytes(bytes(2**20))  # Istio's largest, base, has 60 KiB
    before = time.process_time()
    found()
    assert time.process_time() - before < 0.5  # five times what a preview may spend on it


def test_without_a_lock_a_repository_is_said_to_be_trusted_unseen():
    (finding,) = check(Observation(make_mesh(), make_snapshot()))
    assert "trusted unseen" in finding.message


def test_a_directory_without_the_charts_is_refused(tmp_path):
    (finding,) = check(Observation(make_mesh(charts={"source": str(tmp_path)}), make_snapshot()))
    assert finding.number == 3
    assert "are not there" in finding.message


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Return a directory source with the three charts of 1.31.0."""
    for chart in ("base", "istiod", "gateway"):
        (tmp_path / f"{chart}-1.31.0.tgz").write_bytes(WHOLE)
    return tmp_path


def test_a_directory_with_every_chart_is_right(directory):
    (finding,) = check(Observation(make_mesh(charts={"source": str(directory)}), make_snapshot()))
    assert (finding.level, finding.message) == (Level.OK, f"{directory} has every chart")
    assert finding.number == len(make_mesh().releases)


def test_the_one_chart_that_a_directory_lacks_is_named(directory):
    (directory / "istiod-1.31.0.tgz").unlink()
    (finding,) = check(Observation(make_mesh(charts={"source": str(directory)}), make_snapshot()))
    assert (finding.level, finding.number) == (Level.ERROR, 1)
    assert finding.message == f"{directory}/istiod-1.31.0.tgz is not there"


def test_each_setting_with_a_source_of_its_own_has_its_own_finding(directory):
    mesh = make_mesh(charts={"source": str(directory)}, observability={"prometheus": {"enabled": True}})
    assert [str(finding.subject) for finding in check(Observation(mesh, make_snapshot()))] == [
        "charts.source",
        "observability.charts",
    ]


def test_a_tampered_chart_is_removed_before_it_is_fetched_again(found):
    Path("charts/istiod-1.31.0.tgz").write_bytes(b"tampered")
    (finding,) = errors(found())
    fetched = "`python -m operations charts vendor -s test` fetches it"
    assert finding.fix == f"do not install it; find out who changed it and remove it, then {fetched} again"


def test_a_chart_without_a_sum_is_shown_with_the_sum_that_it_has(found):
    Path("charts/base-1.30.2.tgz").write_bytes(WHOLE)
    base, istiod, _ = errors(found(istio={"version": "1.30.2"}))
    assert base.message.endswith(f"for the stack test; charts/base-1.30.2.tgz has the sha256 {SUM}")
    assert istiod.message.endswith("charts/istiod-1.30.2.tgz is not there")
