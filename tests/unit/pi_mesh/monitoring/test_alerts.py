"""The alerts: each says what happened, what to do and where to read more."""

import re
from pathlib import Path

import pytest

from pi_mesh.monitoring.alert import RUNBOOKS, Alert, Bounds
from pi_mesh.monitoring.alerts import ALL
from tests.support.alert_cases import CASES

ROOT = Path(__file__).parents[4]
HEADINGS = {
    re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-")
    for heading in re.findall(r"^## (.*)$", (ROOT / RUNBOOKS).read_text(), re.MULTILINE)
}
named = pytest.mark.parametrize("alert", ALL, ids=lambda alert: alert.name)


@named
def test_an_alert_links_to_a_runbook_that_exists(alert: Alert):
    assert alert.runbook in HEADINGS
    assert alert.rule(Bounds(), "https://example/runbooks")["annotations"]["runbook_url"] == (
        f"https://example/runbooks#{alert.runbook}"
    )


@named
def test_an_alert_says_what_happened_and_what_to_do_in_whole_sentences(alert: Alert):
    assert alert.summary.endswith(".")
    assert alert.action.rstrip("`)").endswith(".")
    assert "{{" not in alert.action


def test_every_alert_has_series_that_fire_it_and_series_that_do_not():
    assert list(CASES) == [alert.name for alert in ALL]
