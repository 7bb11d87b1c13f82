"""The charts of a locked stack, which must equal the locked ones before anything changes, and those of a directory."""

import time
from hashlib import sha256
from pathlib import Path

import pytest

from pi_mesh import inventory
from pi_mesh.checks.finding import Finding
from pi_mesh.checks.observation import Observation
from pi_mesh.checks.preflight.charts import check
from pi_mesh.inventory.chart_lock import LockedChart
from tests.support.factories import STACK, make_mesh, make_settings
from tests.support.findings import case, table
from tests.support.preflight_problems import assert_told, observation
from tests.support.snapshots import make_snapshot
from tests.support.versions import BEFORE, NEWEST

SOURCE, WHOLE, NAMES = "https://charts.example", b"as it was released", ("base", "istiod", "gateway")
SUM = sha256(WHOLE).hexdigest()
FETCHED = "`python -m operations charts vendor -s test` fetches it"
BASE, ISTIOD, GATEWAY = (f"chart {name} {NEWEST}: charts/{name}-{NEWEST}.tgz" for name in NAMES)


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


def test_a_chart_must_have_its_locked_sum_and_is_looked_at_once(folder):
    assert_told(of_locked(), f"ok {BASE} has", f"ok {ISTIOD} has", f"ok {GATEWAY} has")
    (folder / f"istiod-{NEWEST}.tgz").write_bytes(b"tampered")
    (folder / f"gateway-{NEWEST}.tgz").unlink()
    sums = f"has the sha256 {sha256(b'tampered').hexdigest()}, charts.lock.yaml has {SUM}"
    removed = f"do not install it; find out who changed it and remove it, then {FETCHED} again"
    absent = f"is not there, charts.lock.yaml has {SUM}; {FETCHED}"
    assert_told(of_locked(), f"ok {BASE}", f"error {ISTIOD} {sums}; {removed}", f"error {GATEWAY} {absent}")


def test_a_chart_without_a_sum_is_refused_with_what_locks_it_and_shown_with_the_sum_that_it_has(folder):
    (folder / f"base-{BEFORE}.tgz").write_bytes(WHOLE)
    none = "charts.lock.yaml has no sum of it for the stack test"
    base, istiod, gateway = (f"error chart {name} {BEFORE}: {none}; charts/{name}-{BEFORE}.tgz " for name in NAMES)
    lock = "`python -m operations charts lock -s test`, then review"
    lines = (f"{base}has the sha256 {SUM}; {lock}", f"{istiod}is not there; {lock}", f"{gateway}is not there; {lock}")
    assert_told(of_locked(BEFORE), *lines)


def test_looking_costs_a_preview_next_to_nothing(folder):
    put(folder, bytes(2**20))  # Istio's largest, base, has 60 KiB
    before = time.process_time()
    of_locked()
    assert time.process_time() - before < 0.5  # five times what a preview may spend on it


def test_without_a_lock_a_repository_is_said_to_be_trusted_unseen():
    assert_told(check(observation(make_snapshot())), "ok charts.source: …, trusted unseen: ")


@table(
    case("all are there", (), "ok", f" has every chart [{len(make_mesh().releases)}]"),
    case("one is absent", ("istiod",), "error", f"/istiod-{NEWEST}.tgz is not there; …[1]"),
    case("none is there", NAMES, "error", f"/gateway-{NEWEST}.tgz are not there; …[3]"),
)
def test_a_directory_must_have_every_chart(tmp_path, absent, level, words):
    put(tmp_path)
    for name in absent:
        (tmp_path / f"{name}-{NEWEST}.tgz").unlink()
    told = check(observation(make_snapshot(), charts={"source": str(tmp_path)}))
    assert_told(told, f"{level} charts.source: …{words}")


def test_the_file_of_the_gateway_apis_crds_must_have_the_sum_of_the_settings(folder):
    file, asked = folder / "gateway-api-1.6.3.yaml", {"crds": {"version": "1.6.3", "sha256": SUM}}
    get = f"`curl --fail --location --create-dirs --output {file} https://github.com/…/v1.6.3/standard-install.yaml`"
    charts = {"charts": {"source": str(folder)}, "gatewayApi": asked}
    assert_told(check(observation(None, **charts)), f"error gatewayApi.crds: {file} is not there; {get}")
    file.write_bytes(b"tampered")
    other = f"{file} has the sha256 {sha256(b'tampered').hexdigest()}, not {SUM}; do not install it"
    assert_told(check(observation(None, **charts)), f"error gatewayApi.crds: {other}")
    file.write_bytes(WHOLE)
    assert_told(check(observation(None, **charts)))


def test_each_setting_with_a_source_of_its_own_has_its_own_finding(tmp_path):
    settings = {"charts": {"source": str(put(tmp_path))}, "observability": {"prometheus": {"enabled": True}}}
    assert_told(check(observation(make_snapshot(), **settings)), "ok charts.source", "ok observability.charts")
