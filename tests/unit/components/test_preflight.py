"""The program's own preflight."""

from dataclasses import replace
from pathlib import Path
from unittest.mock import Mock

import pulumi
import pytest

from components.preflight import guard
from pi_mesh.checks.finding import NEXT
from pi_mesh.cluster.errors import ClusterUnreachable, WrongContext
from pi_mesh.cluster.objects import Namespace
from pi_mesh.cluster.stack_state import NEVER_RUN, StackState
from tests.support.factories import make_settings
from tests.support.findings import case, table
from tests.support.recorder import record
from tests.support.snapshots import make_pis, make_snapshot
from tests.support.versions import NEWEST, SHIPPED

THEIRS = (Namespace("kube-system", uid="theirs"),)
OTHER_UID = r"its UID .* is theirs, .* last applied to ours; nothing"
GONE = ClusterUnreachable("cluster 'test' does not answer")


@pytest.fixture
def cluster(monkeypatch):
    """Return `cluster(snapshot)` or `cluster(error)`: set the result of reading the cluster."""

    def answers(outcome: object) -> None:
        error = outcome if isinstance(outcome, Exception) else None
        monkeypatch.setattr("pi_mesh.cluster.snapshot.read", Mock(side_effect=error, return_value=outcome))

    return answers


def test_a_fit_cluster_is_handed_to_the_program(cluster):
    seen = []
    cluster(make_snapshot())
    record(lambda: seen.append(guard(make_settings(), NEVER_RUN)))
    assert seen[0][0].snapshot.version == "v1.35.2"


def test_a_warning_is_logged_and_does_not_stop_it(cluster):
    cluster(make_snapshot(version="v1.40.0"))
    told = {}
    recording = record(lambda: told.update(guard(make_settings(), NEVER_RUN)[1]))
    assert any(line.startswith("warning: kubernetes version:") for line in recording.logs)
    assert told["kubernetes version"] == "warning"


UNSEEN = ("trusted unseen", "info: ", "python -m operations charts lock -s test")
REFUSED_NEXT = ("warning: extra values: istio.values.meshConfig.enableAutoMtls", f"pi-mesh {NEXT} refuses it")


@table(
    case("an end of life", GONE, {"version": SHIPPED}, ("istio end of life", "no fixes since 2024-06-25")),
    case("what the next version refuses", GONE, {"values": {"meshConfig": {"enableAutoMtls": False}}}, REFUSED_NEXT),
    case("charts that are trusted unseen", GONE, {}, UNSEEN),
    case("such charts, with a cluster", make_snapshot(), {}, UNSEEN),
)
def test_a_preview_tells_once_even_without_a_cluster_of(cluster, outcome, istio, words):
    cluster(outcome)
    recording = record(lambda: guard(make_settings(istio=istio), NEVER_RUN), preview=True)
    (line,) = [line for line in recording.logs if words[0] in line]
    assert [word for word in words if word not in line] == []


@pytest.mark.parametrize("answers", [True, False])
def test_a_chart_that_is_not_the_locked_one_is_refused_even_in_a_preview_without_a_cluster(
    cluster, answers, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    Path("charts.lock.yaml").write_text("stacks: {test: []}")
    cluster(make_snapshot() if answers else GONE)
    with pytest.raises(pulumi.RunError, match=f"chart istiod {NEWEST}: charts.lock.yaml has no sum of it"):
        record(lambda: guard(make_settings(), NEVER_RUN), preview=True)


@pytest.mark.row(15)
def test_an_up_without_a_cluster_is_refused(cluster):
    cluster(GONE)
    with pytest.raises(pulumi.RunError, match="does not answer; nothing was touched"):
        record(lambda: guard(make_settings(), NEVER_RUN))


@pytest.mark.row(17)
def test_another_context_is_refused_even_in_a_preview(cluster):
    cluster(WrongContext("cluster.context is 'test', but ..."))
    with pytest.raises(pulumi.RunError, match=r"cluster\.context is 'test'"):
        record(lambda: guard(make_settings(), NEVER_RUN), preview=True)


@table(
    case("a problem", {"nodes": make_pis(2)}, NEVER_RUN, False, r"1 problem; nothing was touched:\n  nodes ready: .*"),
    case("another cluster under the same context", {"namespaces": THEIRS}, StackState("ours"), True, OTHER_UID),
)
def test_the_program_stops_before_any_resource_even_in_a_preview_for(cluster, changes, state, preview, line):
    cluster(make_snapshot(**changes))
    with pytest.raises(pulumi.RunError, match=line):
        record(lambda: guard(make_settings(), state), preview=preview)


OF_BEFORE = StackState(releases=frozenset({"istio-system/istiod"}))


@table(
    case("never updated since", OF_BEFORE, True, True),
    case("up", OF_BEFORE, False, False),
    case("guarded", replace(OF_BEFORE, has_guard=True), True, False),
    case("first install", NEVER_RUN, True, False),
)
def test_a_preview_says_that_a_destroy_still_asks_nobody(cluster, state, preview, told):
    cluster(make_snapshot())
    recording = record(lambda: guard(make_settings(), state), preview=preview)
    assert any("destroy.workloads" in line for line in recording.logs) == told
