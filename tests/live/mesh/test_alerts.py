"""Alerts and dashboards' queries, which promtool runs on series written from the metrics' references."""

import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab import prometheus
from lab.toolchain import programs
from pi_mesh.monitoring.alerts import Rules
from pi_mesh.values.observability import FILES
from tests.support.alert_cases import CASES, GROUPS, RULES
from tests.support.dashboard_cases import EXPECTED, NAMES, SERIES
from tests.support.dashboard_queries import queries
from tests.support.factories import make_mesh

LONGEST = 60  # minutes that the longest alert waits


@pytest.fixture(scope="module", autouse=True)
def built(visibly: Callable[..., None]) -> None:
    """Build promtool first, if needed."""
    visibly(programs.ensure, ["prometheus"])


def promtool(*arguments: str | Path) -> str:
    """Run promtool and return what it prints; fails the test with it."""
    command = [programs.program("promtool"), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def check_behaviour(folder: Path, groups: list[dict[str, Any]], series: Mapping[str, str], **tests: Any) -> None:
    """Run unit tests of rules on series with one value a minute."""
    given = [{"series": name, "values": values} for name, values in series.items()]
    (folder / "rules.yml").write_text(yaml.safe_dump({"groups": groups}))
    run = {"interval": "1m", "input_series": given, **tests}
    content = {"rule_files": ["rules.yml"], "evaluation_interval": "1m", "tests": [run]}
    (folder / "tests.yml").write_text(yaml.safe_dump(content))
    promtool("test", "rules", folder / "tests.yml")


def at(rule: Rules) -> int:
    """Return the minute at which the alert must fire: counters that begin late have begun by then."""
    return max(LONGEST, int(rule["for"].removesuffix("m")) + 2)


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_an_alert_fires_and_says_which(rule: Rules, tmp_path: Path):
    case = CASES[rule["alert"]]
    said = {**rule["annotations"], "summary": case.summary}
    expected = {"exp_labels": {**case.labels, **rule["labels"]}, "exp_annotations": said}
    fires = {"eval_time": f"{at(rule)}m", "alertname": rule["alert"], "exp_alerts": [expected]}
    check_behaviour(tmp_path, GROUPS, case.fires, alert_rule_test=[fires])


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_an_alert_is_quiet_on_a_healthy_mesh(rule: Rules, tmp_path: Path):
    quiet = {"eval_time": f"{at(rule)}m", "alertname": rule["alert"], "exp_alerts": []}
    check_behaviour(tmp_path, GROUPS, CASES[rule["alert"]].quiet, alert_rule_test=[quiet])


@pytest.mark.parametrize(
    "chosen", [{}, {"alerts": {"alertmanagers": ["alerts.monitoring:9093"]}}, {"kubelets": "off"}], ids=str
)
def test_prometheus_accepts_the_configuration(chosen: dict, tmp_path: Path):
    mesh = make_mesh(observability={"prometheus": {"enabled": True, **chosen}})
    values = next(release.values for release in mesh.releases if release.name == "prometheus")
    content = prometheus.configuration(values)
    content["rule_files"] = ["rules.yml"]
    (tmp_path / "prometheus.yml").write_text(yaml.safe_dump(content))
    (tmp_path / "rules.yml").write_text(yaml.safe_dump(values["serverFiles"]["alerting_rules.yml"]))
    promtool("check", "config", "--syntax-only", tmp_path / "prometheus.yml")
    assert f"{len(RULES)} rules found" in promtool("check", "rules", tmp_path / "rules.yml")


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_prometheus_accepts_every_query_of_a_dashboard(file: Path, tmp_path: Path):
    rules = [
        {"record": f"query_{number}", "expr": query.expression} for number, query in enumerate(queries(file, NAMES))
    ]
    (tmp_path / "rules.yml").write_text(yaml.safe_dump({"groups": [{"name": file.stem, "rules": rules}]}))
    assert f"{len(rules)} rules found" in promtool("check", "rules", tmp_path / "rules.yml")


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_query_of_istios_metrics_answers_as_their_reference_has_them(file: Path, tmp_path: Path):
    asked = [query for query in queries(file, NAMES) if query.reads_istios_metrics]
    expected = [
        (panel, answer) for (page, panel), answers in EXPECTED.items() if page == file.stem for answer in answers
    ]
    assert [query.panel for query in asked] == [panel for panel, _ in expected]
    tests = [
        {
            "expr": query.expression,
            "eval_time": "10m",
            "exp_samples": [{"labels": labels, "value": value} for labels, value in answer.items()],
        }
        for query, (_, answer) in zip(asked, expected, strict=True)
    ]
    check_behaviour(tmp_path, [], SERIES, promql_expr_test=tests)
