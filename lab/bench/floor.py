"""The floor under every installation: the rendered charts, applied by kubectl, and a wait by watch for their pods."""

import json
from collections.abc import Mapping
from pathlib import Path

from lab.bench.contenders import PARTS, Contender, apply_strict, istio_releases, removal
from lab.bench.timed_command import run
from pi_mesh.inventory import Release
from pi_mesh.settings import Settings

NAME = "floor: kubectl apply"
SECONDS = 120
"""Seconds after which a rollout counts as failed."""


def floor(settings: Settings, folder: Path, environment: Mapping[str, str]) -> Contender:
    """Return the floor as a contender; the charts are rendered here, and their rendering is not timed."""
    namespace, releases = settings.istio.namespace, istio_releases(settings)
    rendered = {release.name: str(_rendered(release, namespace, folder, environment)) for release in releases}
    stages = {part: [one.name for one in releases if PARTS[one.kind] == part] for part in PARTS.values()}
    home = folder / "namespace.json"
    home.write_text(json.dumps({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}))
    install = [
        _apply(str(home)),
        _apply(*(rendered[name] for name in stages["base"])),
        _apply(*(rendered[name] for name in stages["istiod"])),
        *(_ready(name, namespace) for name in stages["istiod"]),
        _apply(*(rendered[name] for name in stages["gateway"])),
        *apply_strict(settings, folder),
        *(_ready(name, namespace) for name in stages["gateway"]),
    ]
    names = [name for part in reversed(stages) for name in stages[part]]
    remove = [["kubectl", "delete", "--ignore-not-found", "--wait", *_files(rendered[name])] for name in names]
    return Contender(NAME, install, removal(namespace, remove))


def _rendered(release: Release, namespace: str, folder: Path, environment: Mapping[str, str]) -> Path:
    values, file = folder / f"{release.name}.values.json", folder / f"{release.name}.yaml"
    values.write_text(json.dumps(release.values))
    command = ["helm", "template", release.name, release.package, "--namespace", namespace, "--include-crds"]
    file.write_text(run([*command, "--values", str(values)], environment))
    return file


def _apply(*files: str) -> list[str]:
    """Return a command that also takes back the fields that istiod wrote into its webhooks."""
    return ["kubectl", "apply", "--server-side", "--force-conflicts", *_files(*files)]


def _ready(deployment: str, namespace: str) -> list[str]:
    """Return a command that watches until all pods of the Deployment are ready."""
    where = (f"--namespace={namespace}", f"--timeout={SECONDS}s")
    return ["kubectl", "rollout", "status", f"deployment/{deployment}", *where]


def _files(*files: str) -> list[str]:
    return [f"--filename={file}" for file in files]
