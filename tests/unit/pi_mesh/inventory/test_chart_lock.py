"""The chart lock: its stacks, and its effect on their releases."""

from pathlib import Path

import pytest
import yaml

from pi_mesh import inventory
from pi_mesh.inventory import Kind, chart_lock
from pi_mesh.inventory.chart_lock import LockedChart
from pi_mesh.settings import SettingsError
from tests.support.factories import STACK, make_settings

SUM = "a" * 64
ENTRY = {"chart": "istiod", "version": "1.31.0", "source": "https://charts.example", "sha256": SUM}


@pytest.fixture
def lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Return `lock(text)` or `lock(content)`: write the lock of the working directory."""
    monkeypatch.chdir(tmp_path)

    def write(content: object) -> None:
        text = content if isinstance(content, str) else yaml.safe_dump(content)
        Path(chart_lock.FILE).write_text(text)

    return write


def test_a_stack_is_known_by_its_plain_and_by_its_full_name(lock):
    lock({"stacks": {"pi-cluster": [ENTRY]}})
    assert chart_lock.read("pi-cluster") == chart_lock.read("me/pi-mesh/pi-cluster") == (LockedChart(**ENTRY),)
    assert chart_lock.read("lab") is None


def test_without_the_file_no_stack_is_locked(lock):  # noqa: ARG001 - an empty folder
    assert chart_lock.read(STACK) is None


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "- a list",
        {"stacks": {STACK: [{**ENTRY, "sha256": "short"}]}},
        {"stacks": {STACK: [{**ENTRY, "chart": "../istiod"}]}},
        {"stacks": {STACK: [{**ENTRY, "more": 1}]}},
    ],
)
def test_a_file_that_is_no_lock_is_refused_in_one_line(lock, content):
    lock(content)
    with pytest.raises(SettingsError) as refused:
        chart_lock.read(STACK)
    (line,) = refused.value.problems
    assert line.startswith("charts.lock.yaml: can't be read: ")


def test_a_locked_release_is_a_file_without_a_path_of_the_machine():
    mesh = inventory.mesh_inventory(make_settings(), STACK, lock=(LockedChart(**ENTRY),))
    istiod = mesh.the(Kind.ISTIOD)
    assert (istiod.package, istiod.sha256) == ("charts/istiod-1.31.0.tgz", SUM)
    assert mesh.is_locked


def test_a_chart_that_is_not_listed_has_no_sum():
    mesh = inventory.mesh_inventory(make_settings(istio={"version": "1.30.2"}), STACK, lock=(LockedChart(**ENTRY),))
    assert mesh.the(Kind.ISTIOD).sha256 == ""


def test_a_directory_stays_where_the_settings_have_it():
    settings = make_settings(charts={"source": "mended"})
    mesh = inventory.mesh_inventory(settings, STACK, lock=(LockedChart(**{**ENTRY, "source": "mended"}),))
    assert mesh.the(Kind.ISTIOD).package == "mended/istiod-1.31.0.tgz"
