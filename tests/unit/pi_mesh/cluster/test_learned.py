"""The memory of the audits: what a run reads, what it keeps, and its bounds."""

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from pi_mesh.cluster import learned
from pi_mesh.cluster.audit_log import AuditedCall, EgressCall, Memory
from tests.support.fake_client import FakeClient
from tests.support.findings import case, table

NOW = datetime(2026, 12, 3, 12, tzinfo=UTC)
PATH = "/api/v1/namespaces/istio-system/configmaps"
CALL = AuditedCall("service account argocd/deployer", "trading/app", 8080, False, True, {"app": "app"}, count=1,
                   first="2026-12-03T11:00:00Z", last="2026-12-03T11:00:00Z")  # fmt: skip
POD = {
    "metadata": {"namespace": "trading", "name": "app-0", "labels": {"app": "app"}},
    "spec": {"containers": [{"name": "istio-proxy"}]},
    "status": {"phase": "Running", "podIP": "10.1.0.5"},
}
ARGOCD = "spiffe://cluster.local/ns/argocd/sa/deployer"


def line(at: str, **fields: object) -> str:
    entry = {"pi-mesh-audit": "v1", "denied": "denied -", "peer": ARGOCD, "address": "10.1.0.9", "port": 8080}
    return f"2026-12-03T{at}.000000001Z {json.dumps(entry | fields)}"


def outside(at: str, **fields: object) -> str:
    entry = {"pi-mesh-egress-audit": "v1", "host": None, "sni": None, "address": "203.0.113.9", "port": 443}
    return f"2026-12-03T{at}.000000001Z {json.dumps(entry | fields)}"


def after(memory: Memory, *lines: str, pod: dict = POD) -> tuple[Memory, list[str]]:
    """Return the memory after a run at NOW, and what it says was not read."""
    client = FakeClient({"/api/v1/pods": {"items": [pod]}})
    client.time = NOW
    log = learned.audit_log.LOG.format("trading", pod["metadata"]["name"])
    client.relayed[log] = (200, "\n".join(lines))
    return learned.with_logs(client, memory, ["trading"])


def test_a_call_is_counted_with_its_first_and_last_time_and_the_first_part_of_its_path():
    memory, _ = after(
        Memory(), line("09:00:00", method="GET", path="/orders/7"), line("10:00:00", method="GET", path="/orders/8")
    )
    (call,) = memory.calls
    assert (call.identity, call.callee, call.method, call.path) == (ARGOCD[9:], "trading/app-0", "GET", "/orders/*")
    assert (call.count, call.first, call.last) == (2, "2026-12-03T09:00:00Z", "2026-12-03T10:00:00Z")


def test_a_line_that_was_read_before_is_not_counted_again_and_a_clock_set_back_hides_no_line():
    early, late, before = line("10:00:00"), line("11:00:00"), line("08:00:00")
    memory, _ = after(Memory(), early, late)
    assert [call.count for call in after(memory, early, late)[0].calls] == [2]
    assert [call.count for call in after(memory, early, late, before)[0].calls] == [3]
    assert [call.count for call in after(memory, before, line("11:30:00"))[0].calls] == [3]


@table(("2031", "2026-12-03T12:00:00Z"), ("1970", "2026-12-02T12:00:00Z"))
def test_a_time_that_cannot_be_is_moved_into_the_last_day(year, last):
    memory, _ = after(Memory(), line("10:00:00").replace("2026", year))
    assert memory.calls[0].last == last


@table(
    ("/", "/"), ("/orders", "/orders"), ("/orders/7", "/orders/*"), ("/orders/", "/orders/*"), ("//admin", "*"),
    ("/a*", "*"), ("/ü/x", "*"), ("/a\n- b", "*"), (f"/{'a' * 39}", "*"), (f"/{'a' * 38}/", f"/{'a' * 38}/*"),
)  # fmt: skip
def test_odd_or_cut_paths_are_any_path(path, pattern):
    assert learned.audit_log.first_part(path) == pattern


@table(
    ({"sni": "rates.example", "host": "x"}, ("TLS", "rates.example")),
    ({"host": "rates.example:8080"}, ("HTTP", "rates.example")),
    ({}, ("TCP", "203.0.113.9")),
    ({"host": "203.0.113.9:8080"}, ("TCP", "203.0.113.9")),
)
def test_a_call_out_of_the_mesh_has_its_name_or_else_its_address(fields, expected):
    (call,) = after(Memory(), outside("10:00:00", **fields))[0].egress
    assert (call.protocol, call.host) == expected
    assert (call.namespace, call.caller, call.port) == ("trading", "trading/app-0", 443)


def test_an_ended_pod_of_a_cron_job_is_read_under_the_name_of_its_cron_job():
    owner = [{"kind": "Job", "name": "weekly-29382720", "controller": True}]
    meta = {"namespace": "trading", "name": "weekly-29382720-x", "ownerReferences": owner}
    memory, _ = after(Memory(), outside("10:00:00"), pod=POD | {"metadata": meta, "status": {"phase": "Succeeded"}})
    assert memory.egress[0].caller == "trading/weekly"


def test_the_access_log_shows_admitted_requests_and_none_that_the_audit_has():
    access = {"pi-mesh-access-log": "v1", "caller": ARGOCD, "method": "GET", "upstream": "10.1.0.5:8080"}
    entry = {"address": "10.1.0.9", **access}
    lines = [f"2026-12-03T{at}.5Z {json.dumps(entry | more)}" for at, more in
             (("09:00:00", {}), ("10:00:00", {}), ("11:00:00", {"upstream": None}))]  # fmt: skip
    memory, _ = after(Memory(), line("09:00:00", method="GET", path="/a"), *lines)
    assert sorted((call.path, call.denied, call.count) for call in memory.calls) == [("*", False, 1), ("/a", True, 1)]


LATE = Memory(since="2026-11-01T00:00:00Z", until="2026-12-01T12:00:00Z")
BEFORE = Memory(marks={"trading/app-0": "2026-12-03T08:00:00Z"})


@table(
    case("a run that came too late", LATE, [line("10:00:00")],
        "no run since 2026-12-01T12:00:00Z: the logs of the last 24 hours alone were read"),
    case("a log longer than what is read", BEFORE, [line("09:00:00")] * 5000,
        "pod trading/app-0 (it wrote more than 5000 lines since the last run)"),
)  # fmt: skip
def test_what_was_not_read_is_said(memory, lines, expected):
    after_run, gaps = after(memory, *lines)
    assert gaps == [expected]
    assert after_run.since == "2026-12-03T12:00:00Z"


def test_a_call_that_did_not_come_again_is_forgotten_after_ninety_days():
    old = replace(CALL, port=1, last=f"{NOW - timedelta(days=91):{learned.TIME}}")
    assert after(Memory(calls=(CALL, old)))[0].calls == (CALL,)


def bounded(*rows: object) -> Memory:
    return learned._bounded(Memory(until="2026-12-03T12:00:00Z"), rows, learned.MOST_ROWS)


def test_a_caller_who_calls_too_many_paths_gets_one_row_of_any_path():
    memory = bounded(
        *(replace(CALL, method="GET", path=f"/{number}") for number in range(21)), replace(CALL, port=1, path="/a")
    )
    assert sorted((call.port, call.path, call.count) for call in memory.calls) == [(1, "/a", 1), (8080, "*", 21)]


def test_a_caller_who_fills_the_memory_loses_its_own_rows_which_are_counted():
    attack = (
        EgressCall("trading", "trading/bad", "TLS", f"{number}.example", 443, count=2, last="2")
        for number in range(4000)
    )
    memory = bounded(replace(CALL, caller="weekly", last="1"), *attack)
    assert (len(memory.calls), len(memory.egress)) == (1, 1999)
    assert memory.others == {"trading/bad": 2 * 2001}


def test_the_config_map_stays_below_its_bound_whatever_is_called():
    names = (
        base64.b16encode(bytes([number % 256, number // 256]) * 7 + number.to_bytes(90)).decode()
        for number in range(2000)
    )
    memory = bounded(
        *(replace(CALL, caller=name, callee=name[::-1], count=number) for number, name in enumerate(names))
    )
    assert len(base64.b64encode(learned._packed(memory))) < 256 * 1024


def test_what_is_written_is_read_again_and_a_second_run_is_refused_by_the_version():
    client, memory = (
        FakeClient(),
        Memory("a", "b", (CALL,), (EgressCall("n", "n/w", "TLS", "h", 443),), {"x": 1}, {"p": "t"}),
    )
    learned.write(client, "istio-system", learned.Store(Memory()), memory)
    client.answers[f"{PATH}/pi-mesh-learned"] = client.bodies[0] | {"metadata": {"resourceVersion": "7"}}
    store = learned.read(client, "istio-system")
    assert store == (memory, "7", "")
    learned.write(client, "istio-system", store, memory)
    assert client.bodies[1]["metadata"]["resourceVersion"] == "7"
    assert [verb for verb, _ in client.wrote] == ["create", "patch"]


@pytest.mark.parametrize("content", ["AAAA", "!", base64.b64encode(b"{").decode(), "H4sIAAAAAAAA"])
def test_damaged_content_is_kept_beside_the_new_one(content):
    item = {"metadata": {"resourceVersion": "7"}, "binaryData": {learned.KEY: content}}
    client = FakeClient({f"{PATH}/pi-mesh-learned": item})
    store = learned.read(client, "istio-system")
    learned.write(client, "istio-system", store, Memory(until="2026-12-03T12:00:00Z"))
    assert store == (Memory(), "7", content)
    assert client.bodies[0]["binaryData"]["damaged-2026-12-03T120000Z"] == content


def test_cron_jobs_that_have_not_run_since_are_named():
    def job(name: str, last: str | None, **spec: object) -> dict:
        return {
            "metadata": {"namespace": "ops", "name": name},
            "spec": spec,
            "status": {"lastScheduleTime": last} if last else {},
        }

    items = [
        job("late", "2026-12-01T00:00:00Z"),
        job("never", None),
        job("ran", "2026-12-03T00:00:00Z"),
        job("off", None, suspend=True),
    ]
    client = FakeClient({"/apis/batch/v1/cronjobs": {"items": items}})
    assert learned.waiting_jobs(client, "2026-12-02T00:00:00Z") == ("ops/late", "ops/never")
