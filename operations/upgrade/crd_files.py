"""The CRDs that charts before 1.24 have in `crds/`: Helm creates them once and never upgrades them.

https://istio.io/latest/docs/setup/upgrade/helm/ says to apply them by hand before each upgrade.
"""

import io
import tarfile
from collections.abc import Mapping

import yaml

from operations.charts import chart_sources
from operations.charts.chart_sources import ChartUnavailableError
from pi_mesh.checks.finding import Finding, Subject, error, ok
from pi_mesh.cluster.client import Client
from pi_mesh.counts import counted
from pi_mesh.inventory import Release

ID = "istio CRDs"
FOLDER = "base/crds/"
PATH = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


def upgrade(context: str, base: Release) -> Finding:
    """Apply the CRDs of a base chart; their objects stay unchanged."""
    subject = Subject("chart", f"{base.chart} {base.version}")
    try:
        found = of_chart(base)
    except ChartUnavailableError as problem:
        return error(ID, subject, f"can't be read for its CRDs: {problem}", "put it there, then run this command again")
    with Client(context) as client:
        changed = sum(_brought(client, crd) for crd in found)
    there = f"{counted(len(found), 'CRD is', 'CRDs are')} of this version"
    return ok(ID, subject, f"{there}, {changed} changed", number=changed)


def _brought(client: Client, crd: Mapping) -> bool:
    """Create a CRD, or give it the chart's spec and labels; return True if that changed it."""
    path, meta = f"{PATH}/{crd['metadata']['name']}", crd["metadata"]
    live = client.get(path)
    if live is None:
        client.create(PATH, crd)
        return True
    marks = {key: meta[key] for key in ("labels", "annotations") if meta.get(key)}
    patched = client.patch(path, {"metadata": marks, "spec": crd["spec"]})
    return patched is None or patched["metadata"]["resourceVersion"] != live["metadata"]["resourceVersion"]


def of_chart(base: Release) -> list[dict]:
    """Return the CRDs of a base chart. Raises ChartUnavailableError."""
    content = chart_sources.read(base.source.source, base.chart, base.version)
    with tarfile.open(fileobj=io.BytesIO(content)) as chart:
        names = [name for name in chart.getnames() if name.startswith(FOLDER)]
        texts = [file.read() for name in names if (file := chart.extractfile(name))]
    return [crd for text in texts for crd in yaml.load_all(text, yaml.CSafeLoader) if crd]
