"""The stored files of a fetched chart."""

import tarfile
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner, Result

from operations import stacks
from operations.__main__ import app
from operations.charts import lock
from operations.charts.sources import ChartUnavailableError
from pi_mesh.inventory import chart_lock
from tests.support.chart_servers import ChartServer, package, serving
from tests.support.factories import make_settings


def test_what_is_no_packaged_chart_is_refused(tmp_path):
    (tmp_path / "base-1.31.0.tgz").write_bytes(b"<html>")
    with pytest.raises(ChartUnavailableError, match="no packaged chart"):
        lock.fetch_chart(str(tmp_path), "base", "1.31.0")


def test_a_sum_is_of_what_was_read(tmp_path):
    (tmp_path / "base-1.31.0.tgz").write_bytes(package(tmp_path, "base", "1.31.0"))
    entry, content = lock.fetch_chart(str(tmp_path), "base", "1.31.0")
    (tmp_path / "base-1.31.0.tgz").write_bytes(package(tmp_path, "base", "1.31.0", "later"))
    other, _ = lock.fetch_chart(str(tmp_path), "base", "1.31.0")
    assert entry.sha256 != other.sha256
    assert content == package(tmp_path, "base", "1.31.0")


def test_an_archive_without_a_chart_is_refused(tmp_path):
    with tarfile.open(tmp_path / "base-1.31.0.tgz", "w:gz") as archive:
        for name in ("Chart.yaml", "base/sub/Chart.yaml", "base/values.yaml"):
            archive.addfile(tarfile.TarInfo(name))
    with pytest.raises(ChartUnavailableError, match=r"no packaged chart: it has no Chart\.yaml"):
        lock.fetch_chart(str(tmp_path), "base", "1.31.0")


ISTIO = ("base", "istiod", "gateway")
STACK = "test"


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ChartServer]:
    """Yield a source with Istio's charts of 1.30.2 and 1.31.0, in the working directory of an empty project."""
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")
    with serving() as server:
        for version in ("1.30.2", "1.31.0"):
            for chart in ISTIO:
                server.charts[chart, version] = package(tmp_path, chart, version)
        yield server


@pytest.fixture
def of_source(monkeypatch: pytest.MonkeyPatch):
    """Return `of_source(address)`: set the source of the stack's charts."""

    def use(source: str) -> None:
        monkeypatch.setattr(stacks, "load", lambda _: make_settings(charts={"source": source}))
        changed = lambda _, values: make_settings(  # noqa: E731
            charts={"source": source}, istio={"version": values["istio.version"]}
        )
        monkeypatch.setattr(stacks, "load_changed", changed)

    return use


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["charts", *arguments, "-s", STACK])


def locked() -> dict[tuple[str, str], str]:
    return {(one.chart, one.version): one.sha256 for one in chart_lock.read(STACK) or ()}


def change(server: ChartServer, folder: Path) -> tuple[str, str]:
    """Replace istiod's chart at its source, and return the sums before and after."""
    before = server.charts["istiod", "1.31.0"]
    server.charts["istiod", "1.31.0"] = after = package(folder, "istiod", "1.31.0", "exchanged")
    return sha256(before).hexdigest(), sha256(after).hexdigest()


@pytest.mark.parametrize("kind", ["repository", "registry"])
def test_lock_writes_the_sum_of_every_chart_and_puts_it_beside(server, of_source, kind):
    of_source(getattr(server, kind))
    assert run("lock").exit_code == 0
    assert locked() == {(one, "1.31.0"): sha256(server.charts[one, "1.31.0"]).hexdigest() for one in ISTIO}
    assert Path("charts/istiod-1.31.0.tgz").read_bytes() == server.charts["istiod", "1.31.0"]


def test_lock_of_a_directory_copies_nothing(server, of_source, tmp_path):
    for (chart, version), content in server.charts.items():
        (tmp_path / f"{chart}-{version}.tgz").write_bytes(content)
    of_source(str(tmp_path))
    assert run("lock").exit_code == 0
    assert len(locked()) == 3
    assert not Path("charts").exists()


def test_lock_takes_the_versions_of_a_ladder_too(server, of_source):
    of_source(server.repository)
    assert run("lock", "--also", "1.30.2").exit_code == 0
    assert {version for _, version in locked()} == {"1.30.2", "1.31.0"}


def test_lock_leaves_other_stacks_as_they_were(server, of_source):
    of_source(server.repository)
    entry = {"chart": "base", "version": "1.20.3", "source": "https://charts.example", "sha256": "a" * 64}
    Path(chart_lock.FILE).write_text(yaml.safe_dump({"stacks": {"other": [entry]}}))
    run("lock")
    assert chart_lock.read("other") == (chart_lock.LockedChart(**entry),)


def test_a_version_that_the_source_lacks_is_told_and_nothing_is_written(server, of_source):
    of_source(server.repository)
    del server.charts["gateway", "1.31.0"]
    done = run("lock")
    assert done.exit_code == 1
    assert f"{server.repository} has no gateway 1.31.0" in " ".join(done.output.split())
    assert not Path(chart_lock.FILE).exists()


def test_a_repository_whose_chart_is_not_what_its_index_names_is_refused(server, of_source):
    of_source(server.repository)
    server.digests["istiod", "1.31.0"] = "b" * 64
    done = run("lock")
    assert done.exit_code == 1
    assert f"names {'b' * 64} for it" in " ".join(done.output.split())


def test_a_source_that_answers_with_another_chart_is_refused(server, of_source, tmp_path):
    of_source(server.repository)
    server.charts["istiod", "1.31.0"] = package(tmp_path, "istiod", "1.30.9")
    assert "answers with the chart istiod 1.30.9" in " ".join(run("lock").output.split())


@pytest.mark.parametrize("kind", ["repository", "registry"])
@pytest.mark.parametrize("action", ["lock", "vendor"])
def test_a_source_that_changed_a_released_chart_is_refused_with_both_sums(server, of_source, tmp_path, kind, action):
    of_source(getattr(server, kind))
    run("lock")
    Path("charts/istiod-1.31.0.tgz").unlink()
    before, after = change(server, tmp_path)
    done = run(action)
    assert done.exit_code == 1
    said = " ".join(done.output.split())
    assert f"has sha256 {after}, {chart_lock.FILE} has {before}" in said
    assert locked()["istiod", "1.31.0"] == before
    assert not Path("charts/istiod-1.31.0.tgz").exists()


def test_vendor_fetches_what_is_locked_and_then_asks_nobody(server, of_source):
    of_source(server.registry)
    run("lock")
    for one in ISTIO:
        Path(f"charts/{one}-1.31.0.tgz").unlink()
    assert run("vendor").exit_code == 0
    assert sorted(path.name for path in Path("charts").iterdir()) == sorted(f"{one}-1.31.0.tgz" for one in ISTIO)
    server.asked.clear()
    assert run("vendor").exit_code == 0
    assert server.asked == []


def test_vendor_replaces_a_tampered_chart(server, of_source):
    of_source(server.repository)
    run("lock")
    Path("charts/base-1.31.0.tgz").write_bytes(b"tampered")
    assert run("vendor").exit_code == 0
    assert Path("charts/base-1.31.0.tgz").read_bytes() == server.charts["base", "1.31.0"]


@pytest.mark.usefixtures("server")
def test_vendor_of_a_stack_that_is_not_locked_says_what_to_do_first():
    done = run("vendor")
    assert done.exit_code == 2
    assert "charts lock -s test` first" in done.output


def test_vendor_takes_no_further_versions():
    done = run("vendor", "--also", "1.30.2")
    assert done.exit_code == 2
    assert "--also goes with `charts lock`" in done.output
