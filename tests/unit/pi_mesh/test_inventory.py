"""Extra values that contradict typed settings beside the settings' own problems, the chart lock, objects in order."""

from pathlib import Path

import pytest
import yaml

from pi_mesh import inventory
from pi_mesh.inventory import Kind, chart_lock, with_contradictions
from pi_mesh.inventory.chart_lock import LockedChart
from pi_mesh.settings import SettingsError, parse
from tests.support.factories import STACK, make_mesh, make_settings, raw_settings
from tests.support.findings import case, table
from tests.support.versions import BEFORE, NEWEST, SHIPPED

TWO = {"pilot": {"replicaCount": 2}}
CONTRADICTION = "istio.values.pilot.replicaCount: 2 contradicts 1, which typed settings give"
ONE_CPU = {"requests": {"cpu": "1"}}
SAME = "trading.namespace and istio.namespace are both"
SCALED = {"pilot": {"autoscaleEnabled": True}}
SAME_NAMESPACE = {"namespace": "istio-system"}
HALVES = ["istio.resources.requests", "istio.resources.limits"]
OWN_RESOURCES = {"pilot": {"resources": ONE_CPU}}
KIALI, ALONE = {"kiali": {"enabled": True}}, "observability: kiali reads from Prometheus"
SUM = "a" * 64
ENTRY = {"chart": "istiod", "version": NEWEST, "source": "https://charts.example", "sha256": SUM}


@table(
    case("a mistyped key first", {"ingres": {}, "istio": {"values": TWO}}, ["ingres: is not a setting"]),
    case("a version first", {"istio": {"version": "latest", "values": TWO}}, ["istio.version: 'latest'"]),
    case("an addon alone hides none", {"istio": {"values": TWO}, "observability": KIALI}, [ALONE, CONTRADICTION]),
    case("two that do not go together", {"istio": {"values": TWO}, "trading": SAME_NAMESPACE}, [SAME, CONTRADICTION]),
    # What the right value may not contradict is not told.
    case("a number as text", {"istio": {"pilotReplicas": "2", "values": TWO}}, ["istio.pilotReplicas"]),
    case("a version as number", {"istio": {"version": 1.2, "values": {"global": {"tag": SHIPPED}}}}, ["istio.version"]),
    case("half of a profile", {"istio": {"resources": ONE_CPU, "values": OWN_RESOURCES}}, HALVES),
    case("a profile that is none", {"istio": {"resources": {"requests": 1}, "values": OWN_RESOURCES}}, HALVES),
    case("a branch that is none", {"istio": {"autoscaling": 1, "values": SCALED}}, ["istio.autoscaling"]),
)
def test_contradictions_are_told_after_the_settings_own_problems(settings, lines):
    with pytest.raises(SettingsError) as refused:
        parse(raw_settings(**settings))
    problems = with_contradictions(refused.value).problems
    assert [problem[: len(line)] for problem, line in zip(problems, lines, strict=True)] == lines


def test_problems_without_any_settings_stay_as_they_are():
    refused = SettingsError(["Pulumi.x.yaml: is not valid YAML"])
    assert with_contradictions(refused) is refused


@pytest.fixture
def lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Return `lock(content)`: write the lock of the working directory."""
    monkeypatch.chdir(tmp_path)
    file = Path(chart_lock.FILE)
    return lambda content: file.write_text(content if isinstance(content, str) else yaml.safe_dump(content))


def test_a_stack_is_known_by_its_plain_and_by_its_full_name_and_without_the_file_none_is_locked(lock):
    assert chart_lock.read("pi-cluster") is None
    lock({"stacks": {"pi-cluster": [ENTRY]}})
    assert chart_lock.read("pi-cluster") == chart_lock.read("me/pi-mesh/pi-cluster") == (LockedChart(**ENTRY),)
    assert chart_lock.read("lab") is None


@pytest.mark.parametrize("change", [{"sha256": "short"}, {"chart": "../istiod"}, {"more": 1}, "{", "- a list"], ids=str)
def test_a_file_that_is_no_lock_is_refused_in_one_line(lock, change):
    lock(change if isinstance(change, str) else {"stacks": {STACK: [ENTRY | change]}})
    with pytest.raises(SettingsError) as refused:
        chart_lock.read(STACK)
    (line,) = refused.value.problems
    assert line.startswith("charts.lock.yaml: can't be read: ")


@table(
    ({}, "https://charts.example", f"charts/istiod-{NEWEST}.tgz", SUM),
    case("a directory", {"charts": {"source": "mended"}}, "mended", f"mended/istiod-{NEWEST}.tgz", SUM),
)
def test_a_locked_release_is_a_file_without_a_path_of_the_machine(settings, source, package, digest):
    locked = (LockedChart(**ENTRY | {"source": source}),)
    mesh = inventory.mesh_inventory(make_settings(**settings), STACK, lock=locked)
    assert (mesh.the(Kind.ISTIOD).package, mesh.the(Kind.ISTIOD).sha256, mesh.is_locked) == (package, digest, True)


def test_a_chart_that_is_not_listed_has_no_sum():
    mesh = inventory.mesh_inventory(make_settings(istio={"version": BEFORE}), STACK, lock=(LockedChart(**ENTRY),))
    assert mesh.the(Kind.ISTIOD).sha256 == ""


def test_only_a_namespace_of_a_setting_with_adopt_is_adopted_and_each_component_has_its_own():
    mesh = make_mesh(trading={"adopt": True}, namespaces={"research": {}})
    adopted = [(item.kind, item.name, item.setting) for item in mesh.objects if item.adopted]
    assert adopted == [("Namespace", "trading", "trading")]
    names = {"istio": "istio-system", "trading": "trading", "namespaces.research": "research"}
    assert {component: mesh.namespace(component).name for component in names} == names
