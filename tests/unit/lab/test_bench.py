"""The bench: the contenders, the interleaved rounds, what their ratios are worth, and the page of the comparison."""

import json
import os
import sys

import pytest

from lab.bench import comparison_report, contenders
from lab.bench.rounds import Series, interleave, interval
from lab.bench.timed_command import begun
from tests.support.factories import make_settings

RELEASES = ["istio-base", "istiod", "istio-ingressgateway", "istio-egressgateway"]
ROUNDS = 6
GROUP = [
    Series("install", "pulumi up", tuple(float(number) for number in range(2, 2 + ROUNDS))),
    Series("install", "helm", (4.0,) * ROUNDS),
]


@pytest.fixture
def settings():
    return make_settings(charts={"source": "./charts"})


@pytest.fixture
def floor_of(settings, tmp_path, monkeypatch):
    monkeypatch.setattr(contenders, "run", lambda command, _: f"rendered by {command[1]}")
    return contenders.floor(settings, tmp_path, {})


def test_the_naive_program_gets_the_releases_with_their_charts_and_values(settings, tmp_path):
    contenders.naive(settings, tmp_path)
    releases = json.loads((tmp_path / "naive.json").read_text())["releases"]
    assert [release["name"] for release in releases] == RELEASES
    assert [release["kind"] for release in releases] == ["base", "istiod", "gateway", "gateway"]
    assert releases[1]["values"] == contenders.istio_releases(settings)[1].values


@pytest.mark.parametrize("make", [contenders.helm, contenders.istioctl])
def test_no_contender_is_done_before_mutual_tls_is_strict(settings, tmp_path, make):
    assert [word for word in make(settings, tmp_path).install[-1] if "strict" in word] != []
    (applied,) = json.loads((tmp_path / "strict.json").read_text())["items"]
    assert (applied["kind"], applied["spec"]) == ("PeerAuthentication", {"mtls": {"mode": "STRICT"}})


def test_the_floor_waits_for_istiod_before_it_applies_both_gateways_at_once(floor_of):
    steps = [" ".join(command) for command in floor_of.install]
    waits = [number for number, step in enumerate(steps) if "rollout status" in step]
    both = next(number for number, step in enumerate(steps) if "ingressgateway.yaml" in step)
    assert "egressgateway.yaml" in steps[both]
    assert waits[0] < both < waits[1]
    assert [step.split()[3] for step in steps if "rollout" in step] == [f"deployment/{name}" for name in RELEASES[1:]]


def test_the_floor_is_removed_from_its_end(floor_of):
    files = [word for command in floor_of.remove for word in command if word.endswith(".yaml")]
    last, *rest = (f"{name}.yaml" for name in reversed(RELEASES))
    assert [file.rpartition("/")[2] for file in files] == [rest[0], last, *rest[1:]]


def test_what_a_contender_needs_is_in_its_environment(monkeypatch, tmp_path):
    ran = []
    monkeypatch.setattr(contenders, "seconds", lambda *call: ran.append(call) or 1.5)
    one = contenders.Contender("one", [["a"], ["b"]], [], {"NAIVE": "file"}, tmp_path)
    assert one.time_install({"PATH": "/bin"}) == 3.0
    assert ran == [([name], {"PATH": "/bin", "NAIVE": "file"}, tmp_path) for name in "ab"]


def test_a_ctrl_c_waits_until_the_command_has_ended_in_order():
    slow = [sys.executable, "-c", "import time; time.sleep(0.3)"]
    with pytest.raises(KeyboardInterrupt), begun(slow, os.environ) as started:
        raise KeyboardInterrupt
    assert started.returncode == 0


def test_every_contender_runs_once_a_round(monkeypatch):
    monkeypatch.setattr("random.sample", lambda names, count: [*reversed(names)][:count])
    ran = []
    contenders = {name: lambda name=name: ran.append(name) or float(len(ran)) for name in ("ours", "theirs")}
    ours, theirs = interleave("install", contenders, 2, lambda _: None)
    assert ran == ["theirs", "ours", "theirs", "ours"]
    assert (ours.seconds, theirs.seconds) == ((2.0, 4.0), (1.0, 3.0))


@pytest.mark.parametrize(("count", "expected"), [(5, None), (6, (1, 6)), (8, (1, 8)), (9, (2, 8)), (15, (4, 12))])
def test_the_interval_of_the_median_leaves_out_what_chance_explains(count, expected):
    assert interval(range(count, 0, -1)) == expected


def test_a_row_has_the_ratio_of_the_rounds_and_its_interval_unless_they_are_few():
    ours, theirs = comparison_report.rows([GROUP])
    assert ours == ("install", "pulumi up", "4.50", "2.00", "7.00", "1.00", "1.00 to 1.00")
    assert theirs == ("install", "helm", "4.00", "4.00", "4.00", "1.12", "0.50 to 1.75")
    few = [Series("install", name, (1.0, 2.0)) for name in ("ours", "theirs")]
    assert {row[-1] for row in comparison_report.rows([few])} == {"too few rounds"}


def test_the_raw_rounds_are_in_a_file_of_their_own():
    content = json.loads(comparison_report.raw([GROUP], "2 cores"))
    assert content["machine"] == "2 cores"
    assert content["rounds"][1] == {"job": "install", "contender": "helm", "seconds": [4.0] * ROUNDS}
    assert "[Every round](bench.json)" in comparison_report.page([GROUP], ROUNDS, "2 cores")


def test_each_job_has_a_chart_with_a_bar_for_each_contender():
    page = comparison_report.page([GROUP], ROUNDS, "2 cores")
    assert page.count("```mermaid\nxychart-beta horizontal\n") == 1
    assert '    x-axis ["pulumi up", "helm"]\n' in page
    assert "    bar [4.50, 4.00]\n" in page


def test_a_new_run_keeps_what_a_person_wrote_below_the_figures(tmp_path):
    page = tmp_path / "bench.md"
    assert comparison_report.explanation(page) == ""
    written = "\n## What the table says\n\nMuch.\n\n## Where the time goes\n\nTo Helm.\n"
    page.write_text(f"# Growth\n\n## Pods\n\n| 1 |\n{written}")
    assert comparison_report.explanation(page) == written
