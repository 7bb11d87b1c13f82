"""The rows and findings of `calls`, from texts as Istio's filter writes them (testdata of istio/proxy)."""

import json
from collections.abc import Iterable
from itertools import chain
from types import SimpleNamespace
from unittest.mock import Mock

import jsonschema
import pytest

from operations import stacks
from operations.calls import rows as module
from pi_mesh.cluster.objects import Service
from pi_mesh.cluster.pods import Container, Pod
from pi_mesh.cluster.port_forward import NotForwardedError
from pi_mesh.cluster.proxies import Proxy
from tests.support.command_line import REPORT_SCHEMA, run_command
from tests.support.factories import make_settings
from tests.support.findings import case, table
from tests.support.snapshots import STACK, make_snapshot

PROXY, CHART = (Container("istio-proxy"),), {"inject.istio.io/templates": "gateway"}
SHOP, CLIENT = (
    Pod("trading", f"{name}-1-a", {"app": name}, owner=f"ReplicaSet/{name}-1", containers=PROXY)
    for name in ("shop", "client")
)
INGRESS, EGRESS = (
    Pod("istio-system", f"{name}-1-a", owner=f"ReplicaSet/{name}-1", containers=PROXY, annotations=CHART)
    for name in ("istio-ingressgateway", "istio-egressgateway")
)
SERVICES = (
    Service("trading", "shop", ports=(80,), selector={"app": "shop"}),
    Service("data", "plain", ports=(5432, 80), selector={"app": "plain"}),
)
CLUSTER = make_snapshot(pods=(SHOP, CLIENT, INGRESS, EGRESS), services=SERVICES)
REQUESTS, OPENED, SENT = "istio_requests_total", "istio_tcp_connections_opened_total", "istio_tcp_sent_bytes_total"
HTTP = {"request_protocol": "http", "response_code": "200", "response_flags": "-"}
ACCOUNT = "spiffe://cluster.local/ns/trading/sa/client"
MUTUAL = {"connection_security_policy": "mutual_tls", "source_principal": ACCOUNT}
BY_CLIENT = {"source_workload": "client", "source_workload_namespace": "trading"}
SHOP_HOST = {"destination_service": "shop.trading.svc.cluster.local", "destination_service_name": "shop"}
IN = {"reporter": "destination", **HTTP, **MUTUAL, **BY_CLIENT, **SHOP_HOST}
OUT = {"reporter": "source", **HTTP, "connection_security_policy": "unknown", "destination_workload": "unknown"}
TO_SHOP = {**OUT, **SHOP_HOST, "destination_workload": "shop", "destination_workload_namespace": "trading"}
PLAIN = {**IN, "connection_security_policy": "none", "source_principal": "unknown"}
GATEWAY = {"source_workload": "istio-ingressgateway", "source_workload_namespace": "istio-system"}
BROKER = {"destination_service": "broker.example", "destination_service_name": "broker.example"}
DATA = {"destination_service": "plain.data.svc.cluster.local", "destination_service_name": "plain"}
BUILD = 'istio_build{component="proxy",tag="x"} 1\n'
TCP = {"request_protocol": "tcp"}
REFUSED = "broker.example (refused, unregistered host)"


def text(*counters: tuple[str, dict[str, str], int]) -> str:
    """Return the answer of a proxy with these counters."""
    named = (
        (metric, ",".join(f'{key}="{label}"' for key, label in labels.items()), n) for metric, labels, n in counters
    )
    return "".join([f"{metric}{{{labels}}} {value}\n" for metric, labels, value in named]) + BUILD


def shown(pod: Pod, before: str, after: str) -> list[str]:
    """Return each row in words, for a proxy whose counters were read ten seconds apart."""
    running = [Proxy(each, "") for each in CLUSTER.pods]
    known = module.ends(make_settings(), CLUSTER, running)
    both = module.reading(before, 5), module.reading(after, 15)
    return [" | ".join(module._cells(row)) for row in module.edges(known, [(Proxy(pod, ""), *both)])]


@table(
    case("HTTP", SHOP, IN, "trading/client | trading/shop | HTTP | 80 | 2.00 |  | 0.0% | mutual TLS"),
    case("answers of 500", SHOP, {**IN, "response_code": "503"},
         "trading/client | trading/shop | HTTP | 80 | 2.00 |  | 100.0% | mutual TLS"),
    case("gRPC that is not OK", SHOP, {**IN, "request_protocol": "grpc", "grpc_response_status": "14"},
         "trading/client | trading/shop | gRPC | 80 | 2.00 |  | 100.0% | mutual TLS"),
    case("gRPC that is OK", SHOP, {**IN, "request_protocol": "grpc", "grpc_response_status": "0"},
         "trading/client | trading/shop | gRPC | 80 | 2.00 |  | 0.0% | mutual TLS"),
    case("plain text, whatever its caller says", SHOP, PLAIN,
         "without identity | trading/shop | HTTP | 80 | 2.00 |  | 0.0% | plain text"),
    case("behind the ingress gateway", SHOP, {**IN, **GATEWAY},
         "outside, by istio-system/istio-ingressgateway | trading/shop | HTTP | 80 | 2.00 |  | 0.0% | mutual TLS"),
    case("an identity without a workload", SHOP, {**IN, "source_workload": "unknown"},
         "service account trading/client | trading/shop | HTTP | 80 | 2.00 |  | 0.0% | mutual TLS"),
    case("a hostile name", SHOP, {**IN, "source_workload": r'[red]\"} 9\n' + "\x1b[2J"},
         "trading/?red?????9?n??2J | trading/shop | HTTP | 80 | 2.00 |  | 0.0% | mutual TLS"),
    case("counted by the callee too", CLIENT, TO_SHOP, ""),
    case("counted by the callee, named by its Service alone", CLIENT, {**OUT, **SHOP_HOST}, ""),
    case("never arrived", CLIENT, {**TO_SHOP, "response_code": "503", "response_flags": "UF,URX"},
         "trading/client | trading/shop | HTTP | 80 | 2.00 |  | 100.0% | unknown"),
    case("a Service without proxies", CLIENT, {**OUT, **DATA},
         "trading/client | data/plain | HTTP |  | 2.00 |  | 0.0% | unknown"),
    case("a registered host", CLIENT, {**OUT, **BROKER},
         "trading/client | broker.example, outside | HTTP |  | 2.00 |  | 0.0% | unknown"),
    case("the egress gateway's host", EGRESS, {**OUT, **BROKER},
         "istio-system/istio-egressgateway | broker.example, outside | HTTP |  | 2.00 |  | 0.0% | unknown"),
    case("to the egress gateway", CLIENT, {**TO_SHOP, "destination_workload": "istio-egressgateway",
         "destination_workload_namespace": "istio-system", "destination_principal": ACCOUNT},
         "trading/client | istio-system/istio-egressgateway | HTTP | 80 | 2.00 |  | 0.0% | mutual TLS"),
    case("an unregistered host", CLIENT, {**OUT, **BROKER, "destination_service_name": "PassthroughCluster"},
         "trading/client | broker.example (unregistered host), outside | HTTP |  | 2.00 |  | 0.0% | unknown"),
    case("a refused host", CLIENT,
         {**OUT, **BROKER, "destination_service_name": "BlackHoleCluster", "response_code": "502"},
         f"trading/client | {REFUSED}, outside | HTTP |  | 2.00 |  | 100.0% | unknown"),
    case("no route, for whatever host", INGRESS, {**OUT, **BROKER, "response_code": "404", "response_flags": "NR"},
         "outside, by istio-system/istio-ingressgateway | no route | HTTP |  | 2.00 |  | 0.0% | unknown"),
)  # fmt: skip
def test_a_counter_is_a_row_of_its_caller_and_callee(pod, labels, row):
    assert shown(pod, text((REQUESTS, labels, 30)), text((REQUESTS, labels, 50))) == [row] * bool(row)


CALL, FAILED = (REQUESTS, IN, 100), (REQUESTS, {**IN, "response_code": "500"}, 5)
FIFTH = "trading/client | trading/shop | HTTP | 80 | {} |  | {} | mutual TLS"


@table(
    case("the share of failures", text(CALL), text((REQUESTS, IN, 115), FAILED), [FIFTH.format("2.00", "25.0%")]),
    case("a proxy that began again", text(CALL), text((REQUESTS, IN, 40)), [FIFTH.format("4.00", "0.0%")]),
    case("a proxy that began again without a call", text(CALL), text(), []),
    case("no new call", text(CALL), text(CALL), []),
    case("connections, the most frequent first", text(CALL),
         text((REQUESTS, IN, 110), (OPENED, {**IN, **TCP}, 30), (SENT, {**IN, **TCP}, 5000)),
         ["trading/client | trading/shop | TCP | 80 | 3.00 | 500 |  | mutual TLS", FIFTH.format("1.00", "0.0%")]),
    case("bytes of a connection that was open before", text(), text((SENT, {**IN, **TCP}, 10)),
         ["trading/client | trading/shop | TCP | 80 | 0.00 | 1 |  | mutual TLS"]),
)  # fmt: skip
def test_two_readings_are_rates_that_are_never_invented(before, after, rows):
    assert shown(SHOP, before, after) == rows


def test_of_counters_that_were_cut_off_only_those_of_both_readings_count(monkeypatch):
    other = (REQUESTS, {**IN, "source_workload": "other"}, 70)
    after = text((REQUESTS, IN, 110), other)
    assert len(shown(SHOP, text(CALL), after)) == 2
    monkeypatch.setattr(module, "MOST", len(after))
    assert shown(SHOP, text(CALL), after) == [FIFTH.format("1.00", "0.0%")]


def test_a_number_that_was_cut_in_two_is_left_out(monkeypatch):
    half = text(CALL, CALL)[: len(text(CALL, CALL)) - len(BUILD) - 2]
    monkeypatch.setattr(module, "MOST", len(half))
    assert [*module.reading(half, 0).values.values()] == [100]
    assert half.endswith(" 10")


@pytest.fixture
def run(monkeypatch):
    """Return a function that runs the command on the proxies of these pods, whose answers come in this order."""

    def command(pods: Iterable[Pod], answers: Iterable[object], *options: str, **settings: object) -> dict:
        cluster = make_snapshot(pods=tuple(pods), services=SERVICES)
        told, clock = iter(answers), chain.from_iterable((0, 10) for _ in range(99))
        monkeypatch.setattr(stacks, "load_with_cluster", lambda _: (make_settings(**settings), cluster))
        monkeypatch.setattr(module, "AT_ONCE", 1)
        monkeypatch.setattr(module.proxies, "read_calls", Mock(side_effect=told))
        monkeypatch.setattr(module, "time", SimpleNamespace(sleep=slept.append, monotonic=lambda: next(clock)))
        done = run_command("calls", "-s", STACK, "--json", *options)
        report = json.loads(done.stdout)
        jsonschema.Draft202012Validator(REPORT_SCHEMA).validate(report)
        assert (done.exit_code, report["status"]) == (0, 0)
        return report

    slept: list[float] = []
    command.slept = slept  # pyright: ignore[reportFunctionMemberAccess]
    return command


def test_the_window_lies_between_two_readings_and_the_rows_follow_the_schema(run):
    report = run([SHOP], [text(CALL), text((REQUESTS, IN, 120))], "--window", "30")
    assert run.slept == [30]
    assert [(row["caller"], row["rate"], row["leaves"]) for row in report["edges"]] == [("trading/client", 2, False)]


@table(("trading", 1), ("istio-system", 0), ("trad", 0))
def test_a_namespace_leaves_the_calls_from_and_to_it(run, namespace, count):
    report = run([SHOP], [text(), text(CALL)], "--namespace", namespace)
    assert len(report["edges"]) == count


GONE = NotForwardedError("pod is gone")


@table(
    case("not read at first", [GONE, text(CALL)], f"{module.UNREAD}: pod is gone"),
    case("not read at last", [text(CALL), GONE], f"{module.UNREAD}: pod is gone"),
    case("without Istio's filter", ["", ""], "counts no calls: its proxy has no filter istio.stats"),
    case("with too many counters", ["x" * module.MOST, BUILD], "has more counters than the 4 MiB that are read"),
)  # fmt: skip
def test_a_proxy_that_does_not_tell_all_is_named(run, answers, message):
    unread, *_ = (finding for finding in run([SHOP], answers)["findings"] if finding["level"] == "unknown")
    assert (unread["kind"], unread["name"]) == ("pod", SHOP.id)
    assert message in unread["message"]


def test_a_namespace_that_disables_its_counters_is_named_by_its_setting(run):
    report = run([SHOP], [text()] * 2, trading={"telemetry": {"disabledMetrics": ["REQUEST_COUNT", "REQUEST_SIZE"]}})
    assert report["findings"][0]["name"] == "trading.telemetry.disabledMetrics"
    assert report["findings"][0]["message"] == "calls to namespace trading are missing without REQUEST_COUNT"


def test_more_rows_than_a_hostile_caller_may_fill_are_counted(run, monkeypatch):
    monkeypatch.setattr(module, "ROWS", 2)
    made_up = [(REQUESTS, {**IN, "source_workload": f"w{number}"}, number + 1) for number in range(3)]
    report = run([SHOP], [text(), text(*made_up)])
    assert [row["caller"] for row in report["edges"]] == ["trading/w2", "trading/w1"]
    assert report["findings"][0]["message"] == "has 3 kinds of calls; the 2 most frequent are shown"


def test_a_mesh_without_proxies_is_not_waited_for(run):
    assert run([], [])["edges"] == []
    assert run.slept == [0]


def test_a_table_is_printed_without_json(run, monkeypatch):
    run([SHOP], [text(), text(CALL)])
    monkeypatch.setattr(module.proxies, "read_calls", Mock(side_effect=[text(), text(CALL)]))
    lines = run_command("calls", "-s", STACK).stdout.splitlines()
    assert lines[0].split()[:3] == ["caller", "calls", "protocol"]
    assert lines[1].split() == ["trading/client", "trading/shop", "HTTP", "80", "10.00", "0.0%", "mutual", "TLS"]
    assert lines[-1] == "stack test: the calls were counted (1 ok)"
