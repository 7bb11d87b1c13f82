"""The table of the alerts in docs/observability.md."""

from pi_mesh.monitoring import alert_table


def test_the_page_has_the_alerts_of_the_code():
    assert alert_table.PAGE.read_text() == alert_table.page(), "run `make schema`"


def test_values_of_prometheus_are_words_in_capitals():
    assert "| The kubelet of INSTANCE does not answer: the Pi is off, or cut off. |" in alert_table.page()
