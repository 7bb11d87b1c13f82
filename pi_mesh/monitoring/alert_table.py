"""The table of the alerts in docs/observability.md; `python -m pi_mesh.monitoring.alert_table` writes it."""

import re
from pathlib import Path

from pi_mesh.markdown import markdown_table
from pi_mesh.monitoring.alert import Alert
from pi_mesh.monitoring.alerts import ALL

PAGE = Path(__file__).parents[2] / "docs" / "observability.md"
SECTION = re.compile(r"(?<=<!-- make schema writes this table -->\n).*?(?=<!-- end of the table -->)", re.DOTALL)
LABEL = re.compile(r"\{\{ \$(?:labels\.)?(\w+)(?: \|[^}]*)? \}\}")


def page() -> str:
    table = markdown_table(("alert", "severity", "after", "what it says"), map(_cells, ALL))
    return SECTION.sub(lambda _: f"{table}\n", PAGE.read_text(encoding="utf-8"))


def _cells(alert: Alert) -> tuple[str, ...]:
    link = f"[{alert.name}](runbooks.md#{alert.runbook})"
    summary = LABEL.sub(lambda label: label[1].upper(), alert.summary)
    return link, alert.severity, f"{alert.minutes} min", summary


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
