"""The dashboards as Grafana reads them: `python -m lab.dashboards` writes pi_mesh/monitoring/grafana/."""

import json

from grafana_foundation_sdk.builders import common, prometheus, timeseries
from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import DataSourceRef

from pi_mesh.monitoring.dashboards import ALL, FOLDER, Dashboard, Panel

SOURCE = DataSourceRef(type_val="prometheus", uid="prometheus")
COLUMNS, WIDTH, HEIGHT = 24, 8, 8
REFRESH, SHOWN = "30s", "now-3h"


def rendered(dashboard: Dashboard) -> str:
    """Return the dashboard's JSON."""
    page = (
        builders.Dashboard(dashboard.title)
        .uid(f"pi-mesh-{dashboard.name}")
        .tags(["pi-mesh"])
        .refresh(REFRESH)
        .time(SHOWN, "now")
        .readonly()
    )
    for panel in dashboard.panels:
        page.with_panel(_panel(panel))
    made = json.loads(JSONEncoder(sort_keys=True).encode(page.build()))
    return json.dumps(made, indent=1, sort_keys=True) + "\n"


def _panel(panel: Panel) -> timeseries.Panel:
    chart = timeseries.Panel().title(panel.title).unit(panel.unit).min(0).span(WIDTH).height(HEIGHT).datasource(SOURCE)
    chart.legend(common.VizLegendOptions().show_legend(True))
    for number, (legend, query) in enumerate(panel.queries.items()):
        chart.with_target(prometheus.Dataquery().expr(query).legend_format(legend).ref_id(chr(ord("A") + number)))
    return chart


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for each in ALL:
        each.file.write_text(rendered(each), encoding="utf-8")
