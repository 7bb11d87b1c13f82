"""The charts of a locked stack, which must equal the locked ones before anything changes, and those of a directory."""

import time
from hashlib import sha256
from pathlib import Path

import pytest

from pi_mesh import inventory
from pi_mesh.checks.finding import Finding, errors
from pi_mesh.checks.observation import Observation
from pi_mesh.checks.preflight.charts import check
from pi_mesh.inventory.chart_lock import LockedChart
from tests.support.factories import STACK, make_mesh, make_settings
from tests.support.preflight_problems import observation
from tests.support.snapshots import make_snapshot
from tests.support.versions import BEFORE, NEWEST

SOURCE, WHOLE, NAMES = "https://charts.example", b"as it was released", ("base", "istiod", "gateway")
SUM = sha256(WHOLE).hexdigest()
FETCHED = "`python -m operations charts vendor -s test` fetches it"


def put(folder: Path, content: bytes = WHOLE) -> Path:
    """Write the three charts of the newest version."""
    folder.mkdir(exist_ok=True)
    for name in NAMES:
        (folder / f"{name}-{NEWEST}.tgz").write_bytes(content)
    return folder


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return put(Path("charts"))


def of_locked(version: str = NEWEST) -> list[Finding]:
    """Return the findings where the lock has the three charts of the newest version."""
    lock = tuple(LockedChart(chart=name, version=NEWEST, source=SOURCE, sha256=SUM) for name in NAMES)
    settings = make_settings(charts={"source": SOURCE}, istio={"version": version})
    return [*check(Observation(inventory.mesh_inventory(settings, STACK, lock=lock), make_snapshot()))]


@pytest.mark.usefixtures("folder")
def test_the_locked_charts_are_right_each_looked_at_once():
    assert [(finding.level, finding.name) for finding in of_locked()] == [("ok", f"{name} {NEWEST}") for name in NAMES]


def test_a_tampered_chart_is_refused_with_both_sums_and_removed_before_it_is_fetched_again(folder):
    (folder / f"istiod-{NEWEST}.tgz").write_bytes(b"tampered")
    (finding,) = errors(of_locked())
    assert str(finding.subject) == f"chart istiod {NEWEST}"
    assert f"has the sha256 {sha256(b'tampered').hexdigest()}, " in finding.message
    assert finding.message.endswith(f" has {SUM}")
    assert finding.fix == f"do not install it; find out who changed it and remove it, then {FETCHED} again"


def test_a_chart_that_is_not_there_is_to_be_fetched(folder):
    (folder / f"gateway-{NEWEST}.tgz").unlink()
    (finding,) = errors(of_locked())
    assert "is not there" in finding.message
    assert finding.fix == FETCHED


def test_a_chart_without_a_sum_is_refused_with_what_locks_it_and_shown_with_the_sum_that_it_has(folder):
    (folder / f"base-{BEFORE}.tgz").write_bytes(WHOLE)
    base, istiod, gateway = errors(of_locked(BEFORE))
    assert [finding.name for finding in (base, istiod, gateway)] == [f"{name} {BEFORE}" for name in NAMES]
    assert base.message.endswith(f"for the stack test; charts/base-{BEFORE}.tgz has the sha256 {SUM}")
    assert istiod.message.endswith(f"charts/istiod-{BEFORE}.tgz is not there")
    assert "charts lock -s test" in gateway.fix


def test_looking_costs_a_preview_next_to_nothing(folder):
    put(folder, bytes(2**20))  # Istio's largest, base, has 60 KiB
    before = time.process_time()
    of_locked()
    assert time.process_time() - before < 0.5  # five times what a preview may spend on it


def test_without_a_lock_a_repository_is_said_to_be_trusted_unseen():
    (finding,) = check(observation(make_snapshot()))
    assert finding.level == "ok"
    assert "trusted unseen" in finding.message


@pytest.mark.parametrize(
    ("absent", "level", "number", "end"),
    [
        ((), "ok", len(make_mesh().releases), " has every chart"),
        (("istiod",), "error", 1, f"/istiod-{NEWEST}.tgz is not there"),
        (NAMES, "error", 3, f"/gateway-{NEWEST}.tgz are not there"),
    ],
    ids=["all are there", "one is absent", "none is there"],
)
def test_a_directory_must_have_every_chart(absent, level, number, end, tmp_path):
    put(tmp_path)
    for name in absent:
        (tmp_path / f"{name}-{NEWEST}.tgz").unlink()
    (finding,) = check(observation(make_snapshot(), charts={"source": str(tmp_path)}))
    assert (finding.level, finding.number) == (level, number)
    assert finding.message.endswith(end)


def test_each_setting_with_a_source_of_its_own_has_its_own_finding(tmp_path):
    settings = {"charts": {"source": str(put(tmp_path))}, "observability": {"prometheus": {"enabled": True}}}
    assert [f.name for f in check(observation(make_snapshot(), **settings))] == [
        "charts.source",
        "observability.charts",
    ]
