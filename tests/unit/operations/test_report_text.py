"""The report as text."""

import pytest

from operations import report, report_text
from pi_mesh.checks.finding import Finding, Subject, error, ok, unknown, warning

LONG = "trading/settlement-engine-reconciliation-worker-6f7d9c5b8d-x2x4z"
WELL = ok("services", Subject("service", "a/b"), "is ClusterIP")
BAD = error("mesh pods", Subject("pod", LONG), "is not ready and has not been for a long time now", "`kubectl logs`")
ODD = warning("workloads", Subject("pod", "a/b"), "has no sidecar", "restart it")
OPEN = unknown("configuration analysis", Subject("command", "istioctl"), "is not on PATH", "install istioctl")


@pytest.fixture
def shown(capsys, monkeypatch):
    """Return `shown(findings)`: the lines of a report on a terminal of 80 columns."""

    def lines(*findings: Finding, everything: bool = False) -> list[str]:
        monkeypatch.setenv("COLUMNS", "80")
        report_text.show(report.of("verify", "lab", findings), everything)
        return capsys.readouterr().out.splitlines()

    return lines


def test_problems_come_first_and_the_verdict_last(shown):
    lines = shown(WELL, OPEN, ODD, WELL, BAD)
    assert [line.split()[0] for line in lines if not line.startswith(" ")] == [
        "error",
        "warning",
        "unknown",
        "ok",
        "stack",
    ]
    assert lines[-1] == "stack lab: the mesh is not as the settings say (1 error, 1 warning, 1 unknown, 2 ok)"


def test_a_finding_is_its_object_what_was_seen_and_what_to_do(shown):
    assert shown(ODD)[:3] == ["warning  workloads: pod a/b", "         has no sidecar", "         -> restart it"]


def test_what_is_well_is_one_line(shown):
    assert shown(WELL, WELL) == [
        "ok       2 checks (`--all` shows them)",
        "stack lab: the mesh is as the settings say (2 ok)",
    ]


def test_everything_is_shown_where_it_is_asked_for(shown):
    assert shown(WELL, ODD, everything=True)[-2] == "ok       services: service a/b: is ClusterIP"


def test_a_name_is_whole_on_one_line(shown):
    assert any(LONG in line for line in shown(BAD))


def test_a_name_longer_than_the_terminal_is_whole_too(shown):
    name = f"{'n' * 60}/{'p' * 63}"
    assert any(name in line for line in shown(error("x", Subject("pod", "a/b"), f"calls {name}", "")))


def test_a_long_name_is_not_cut_in_the_first_line_either(shown):
    lines = shown(error("configuration analysis", Subject("VirtualService", LONG), "is bad", ""))
    assert lines[:2] == ["error    configuration analysis: VirtualService", f"         {LONG}"]


def test_counts_agree_with_their_nouns(shown):
    assert shown(BAD, BAD, ODD)[-1].endswith("(2 errors, 1 warning)")


def test_what_is_folded_is_folded_between_words(shown):
    message = "reconciliation-worker " * 8
    lines = shown(error("x", Subject("pod", "a/b"), message.strip(), ""))
    assert {line.strip() for line in lines[1:-1]} == {
        "reconciliation-worker reconciliation-worker reconciliation-worker",
        "reconciliation-worker reconciliation-worker",
    }
    assert all(len(line) <= 80 for line in lines)


def test_brackets_are_shown_as_they_are(shown):
    assert "         [red]is[/] bad" in shown(error("x", Subject("pod", "a/b"), "[red]is[/] bad", ""))


def test_colors_are_for_terminals_alone(shown):
    assert "\x1b" not in "".join(shown(BAD))


def test_a_terminal_gets_colors(shown, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    assert "\x1b[1;31merror" in "".join(shown(BAD))
