"""The CRDs that charts before 1.24 carry in `crds/`: Helm makes them once and never upgrades them.

https://istio.io/latest/docs/setup/upgrade/helm/ has them applied by hand before each upgrade.
"""

import subprocess
from collections.abc import Iterator, Mapping

import yaml

from operations.programs import NotRunnableError
from pi_mesh.checks.finding import Finding, Subject, error, ok
from pi_mesh.cluster.client import Client
from pi_mesh.inventory import Release

ID = "istio CRDs"
PATH = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


def upgrade(context: str, base: Release) -> Finding:
    """Bring the CRDs of a base chart into the cluster; objects of theirs stay as they are."""
    subject = Subject("chart", f"{base.chart} {base.version}")
    try:
        found = [item for item in yaml.load_all(_shown(base), Loader=yaml.CSafeLoader) if item]
    except (NotRunnableError, subprocess.CalledProcessError) as problem:
        why = problem.stderr.strip().rpartition("\n")[2] if isinstance(problem, subprocess.CalledProcessError) else ""
        message = f"gives no CRDs: {why or problem}"
        return error(ID, subject, message, "then run this command again: nothing was changed")
    with Client(context) as client:
        changed = sum(_brought(client, crd) for crd in found)
    there = f"{len(found)} {'CRD is' if len(found) == 1 else 'CRDs are'} of this version"
    return ok(ID, subject, f"{there}, {changed} changed", number=changed)


def _brought(client: Client, crd: Mapping) -> bool:
    """Create a CRD, or give it the chart's spec and labels; return whether that changed it."""
    path, meta = f"{PATH}/{crd['metadata']['name']}", crd["metadata"]
    live = client.get(path)
    if live is None:
        client.create(PATH, crd)
        return True
    marks = {key: meta[key] for key in ("labels", "annotations") if meta.get(key)}
    patched = client.patch(path, {"metadata": marks, "spec": crd["spec"]})
    return patched is None or patched["metadata"]["resourceVersion"] != live["metadata"]["resourceVersion"]


def _shown(base: Release) -> str:
    command = ["helm", "show", "crds", *_chart(base)]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout
    except OSError as problem:
        raise NotRunnableError("helm", problem) from None


def _chart(base: Release) -> Iterator[str]:
    """Yield the chart as Helm is told it."""
    if base.source.is_directory:
        yield base.package
    elif base.source.is_registry:
        yield from (f"{base.source.source}/{base.chart}", "--version", base.version)
    else:
        yield from (base.chart, "--repo", base.source.source, "--version", base.version)
