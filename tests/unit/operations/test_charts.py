"""The command `charts`: the stored files and sums of fetched charts."""

import ssl
import tarfile
from functools import cache
from hashlib import sha256
from pathlib import Path

import pytest
import yaml

from operations import stacks
from operations.charts import lock
from operations.charts.lock import ChartUnavailableError
from pi_mesh.inventory import chart_lock
from tests.support.chart_servers import ChartServer, package, serving
from tests.support.command_line import run_command
from tests.support.factories import make_settings
from tests.support.versions import BEFORE, NEWEST, OLDEST

ISTIO = ("base", "istiod", "gateway")
STACK = "test"
ISTIOD = Path(f"charts/istiod-{NEWEST}.tgz")
ALSO = "--also goes with `charts lock`"


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    """Yield a server of Istio's charts of two versions, with these charts."""
    folder = tmp_path_factory.mktemp("charts")
    charts = {(chart, version): package(folder, chart, version) for version in (BEFORE, NEWEST) for chart in ISTIO}
    with serving() as server, pytest.MonkeyPatch.context() as patch:
        # Each client would read the CA certificates anew, which takes longer than all else in these tests.
        patch.setattr(ssl, "create_default_context", cache(ssl.create_default_context))
        yield server, charts


@pytest.fixture
def server(running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ChartServer:
    """Return the source, with its charts as they were released, in the working directory of an empty project."""
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")
    server, charts = running
    server.charts, server.digests = {**charts}, {}
    return server


def of_source(monkeypatch, source: str) -> None:
    """Set the source of the stack's charts."""

    def load(_: str, values: dict | None = None):
        version = (values or {}).get("istio.version", NEWEST)
        return make_settings(charts={"source": source}, istio={"version": version})

    monkeypatch.setattr(stacks, "load", load)
    monkeypatch.setattr(stacks, "load_changed", load)


def run(*arguments: str) -> tuple[int, str]:
    done = run_command("charts", *arguments, "-s", STACK)
    return done.exit_code, " ".join(done.output.split())


def locked() -> dict[tuple[str, str], str]:
    return {(one.chart, one.version): one.sha256 for one in chart_lock.read(STACK) or ()}


@pytest.mark.parametrize("content", [b"<html>", None])
def test_what_is_no_packaged_chart_is_refused(tmp_path, content):
    file = tmp_path / f"base-{NEWEST}.tgz"
    with tarfile.open(file, "w:gz") as archive:
        for name in ("Chart.yaml", "base/sub/Chart.yaml", "base/values.yaml"):
            archive.addfile(tarfile.TarInfo(name))
    if content:
        file.write_bytes(content)
    says = "no packaged chart: not a gzip|no packaged chart: file could" if content else r"it has no Chart\.yaml"
    with pytest.raises(ChartUnavailableError, match=says):
        lock.fetch_chart(str(tmp_path), "base", NEWEST)


@pytest.mark.parametrize("kind", ["repository", "registry"])
def test_lock_writes_the_sum_of_every_chart_and_puts_it_beside(server, monkeypatch, kind):
    of_source(monkeypatch, getattr(server, kind))
    assert run("lock")[0] == 0
    assert locked() == {(one, NEWEST): sha256(server.charts[one, NEWEST]).hexdigest() for one in ISTIO}
    assert ISTIOD.read_bytes() == server.charts["istiod", NEWEST]


def test_lock_of_a_directory_copies_nothing(server, monkeypatch, tmp_path):
    for (chart, version), content in server.charts.items():
        (tmp_path / f"{chart}-{version}.tgz").write_bytes(content)
    of_source(monkeypatch, str(tmp_path))
    assert (run("lock")[0], len(locked())) == (0, 3)
    assert not Path("charts").exists()


def test_lock_takes_the_versions_of_a_ladder_too_and_leaves_other_stacks_as_they_were(server, monkeypatch):
    of_source(monkeypatch, server.repository)
    entry = {"chart": "base", "version": OLDEST, "source": "https://charts.example", "sha256": "a" * 64}
    Path(chart_lock.FILE).write_text(yaml.safe_dump({"stacks": {"other": [entry]}}))
    assert run("lock", "--also", BEFORE)[0] == 0
    assert {version for _, version in locked()} == {BEFORE, NEWEST}
    assert chart_lock.read("other") == (chart_lock.LockedChart(**entry),)


@pytest.mark.parametrize(("charts", "digests", "says"), [
    ({("istiod", NEWEST): None}, {}, f"has no istiod {NEWEST}"),
    ({}, {("istiod", NEWEST): "b" * 64}, f"names {'b' * 64} for it"),
    ({("istiod", NEWEST): ("istiod", BEFORE)}, {}, f"answers with the chart istiod {BEFORE}"),
])  # fmt: skip
def test_a_source_without_the_named_chart_is_told_and_nothing_is_written(server, monkeypatch, charts, digests, says):
    of_source(monkeypatch, server.repository)
    changed = server.charts | {chart: server.charts.get(other) for chart, other in charts.items()}
    server.charts, server.digests = {chart: content for chart, content in changed.items() if content}, digests
    status, output = run("lock")
    assert (status, says in output, Path(chart_lock.FILE).exists()) == (1, True, False)


@pytest.mark.parametrize("kind", ["repository", "registry"])
@pytest.mark.parametrize("action", ["lock", "vendor"])
def test_a_source_that_changed_a_released_chart_is_refused_with_both_sums(server, monkeypatch, tmp_path, kind, action):
    of_source(monkeypatch, getattr(server, kind))
    run("lock")
    ISTIOD.unlink()
    before = locked()["istiod", NEWEST]
    server.charts["istiod", NEWEST] = package(tmp_path, "istiod", NEWEST, "exchanged")
    after = sha256(server.charts["istiod", NEWEST]).hexdigest()
    status, output = run(action)
    assert (status, f"has sha256 {after}, {chart_lock.FILE} has {before}" in output) == (1, True)
    assert (locked()["istiod", NEWEST], ISTIOD.exists()) == (before, False)


def test_vendor_fetches_what_is_missing_or_tampered_with_and_then_asks_nobody(server, monkeypatch):
    of_source(monkeypatch, server.registry)
    run("lock")
    ISTIOD.unlink()
    Path(f"charts/base-{NEWEST}.tgz").write_bytes(b"tampered")
    assert run("vendor")[0] == 0
    for one in ISTIO:
        assert Path(f"charts/{one}-{NEWEST}.tgz").read_bytes() == server.charts[one, NEWEST]
    assert len([*Path("charts").iterdir()]) == 3
    server.asked.clear()
    assert (run("vendor")[0], server.asked) == (0, [])


@pytest.mark.parametrize(("options", "says"), [((), "charts lock -s test` first"), (("--also", BEFORE), ALSO)])
@pytest.mark.usefixtures("server")
def test_vendor_goes_with_a_locked_stack_and_without_further_versions(options, says):
    status, output = run("vendor", *options)
    assert (status, says in output) == (2, True)
