"""The Kubernetes objects that a side would apply, their changes, and the consequences for running pods."""

import difflib
import json
import re
import subprocess
import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from operations import failures
from operations.pull_request.engine import RELEASE, Resource
from pi_mesh.checks.drains import KINDS, Drain, Manifests, changed_paths, drains, of_kinds
from pi_mesh.cluster.policies import DEFAULT_ROOT
from pi_mesh.names import object_key
from pi_mesh.tree_diff import value_at


class Dumper(yaml.CSafeDumper):
    """A YAML dumper that keeps the lines of a text, so that a diff shows the changed line."""


def _text(dumper: Dumper, text: str) -> yaml.ScalarNode:
    # YAML cannot keep the lines of a text with tabs, or with a blank at the end of a line.
    lines = "\n".join(line.expandtabs().rstrip() for line in text.split("\n"))
    return dumper.represent_scalar("tag:yaml.org,2002:str", lines, style="|" if "\n" in text else None)


Dumper.add_representer(str, _text)

Objects = dict[str, str]
"""KIND NAMESPACE/NAME -> its YAML."""


class NotRenderedError(Exception):
    """helm could not render a chart."""


def rendered_objects(resources: Iterable[Resource], folder: Path) -> Objects:
    """Return all objects of a side. `folder`: its checkout, for local charts. Raises NotRenderedError."""
    return dict(named_texts(entry for resource in resources for entry in _manifests(resource, folder)))


def _manifests(resource: Resource, folder: Path) -> Iterable[dict[str, Any]]:
    if resource.type == RELEASE:
        return chart_objects(resource, folder)
    return [resource.inputs] if resource.type.startswith("kubernetes:") and "kind" in resource.inputs else []


def chart_objects(release: Resource, folder: Path) -> Iterable[dict[str, Any]]:
    """Return the objects of a release's chart as helm renders them. Raises NotRenderedError."""
    return filter(None, yaml.load_all(_rendered_chart(release, folder), yaml.CSafeLoader))


def _rendered_chart(release: Resource, folder: Path) -> str:
    inputs = release.inputs
    name, chart = inputs.get("name", release.name), inputs["chart"]
    options = ["--namespace", inputs.get("namespace", "default"), "--include-crds"]
    if not chart.endswith(".tgz"):
        options += ["--version", inputs["version"]]
    if repository := inputs.get("repositoryOpts", {}).get("repo"):
        options += ["--repo", repository]
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as values:
        yaml.safe_dump(_whole_numbers(inputs.get("values") or {}), values)
        values.flush()
        command = ["helm", "template", name, chart, *options, "--values", values.name]
        try:
            run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        except OSError as problem:
            raise NotRenderedError(failures.not_runnable_reason("helm", problem)) from None
    if run.returncode:
        raise NotRenderedError(f"{' '.join(command[:4])}: {run.stderr.strip()}")
    return run.stdout


def _whole_numbers(tree: Any) -> Any:
    """Convert the engine's floats back into whole numbers: some templates print 1.0 for a 1."""
    if isinstance(tree, dict):
        return {key: _whole_numbers(value) for key, value in tree.items()}
    if isinstance(tree, list):
        return [_whole_numbers(value) for value in tree]
    return int(tree) if isinstance(tree, float) and tree.is_integer() else tree


def named_texts(documents: Iterable[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """Yield each document's name and text with sorted keys: comments and quotation marks are no change."""
    for manifest in documents:
        shown = _without_data(manifest) if manifest["kind"] == "Secret" else manifest
        yield object_key(manifest), yaml.dump(shown, Dumper=Dumper, width=1000, allow_unicode=True)


def _without_data(secret: dict[str, Any]) -> dict[str, Any]:
    """Return a Secret with its keys and without its values: the comment may be public."""
    parts = [part for part in ("data", "stringData") if isinstance(secret.get(part), dict)]
    return {**secret, **{part: dict.fromkeys(secret[part], "[secret]") for part in parts}}


VERSION_LABEL = re.compile(r"[-+] +(helm\.sh/chart|app\.kubernetes\.io/version|chart): ")
"""A changed line that every new chart version brings."""


@dataclass(frozen=True)
class Change:
    """The texts of a changed object; None on the side that does not have it."""

    key: str
    before: str | None
    after: str | None

    @property
    def verb(self) -> str:
        return "create" if self.before is None else "delete" if self.after is None else "update"


def changes_between(before: Mapping[str, str], after: Mapping[str, str]) -> list[Change]:
    """Return the changes: in the order of the new side, then the removed objects."""
    keys = [key for key in {**after, **before} if before.get(key) != after.get(key)]
    return [Change(key, before.get(key), after.get(key)) for key in keys]


def diff(before: str | None, after: str | None) -> str:
    """Return a unified diff without its file names."""
    lines = difflib.unified_diff((before or "").splitlines(), (after or "").splitlines(), lineterm="")
    return "\n".join(list(lines)[2:])


def line_counts(diff: str) -> str:
    added, removed = (sum(line.startswith(sign) for line in diff.splitlines()) for sign in "+-")
    return f"+{added} -{removed}"


def is_version_only(diff: str) -> bool:
    """Return True where nothing changes except labels with the chart's version."""
    return all(VERSION_LABEL.match(line) for line in diff.splitlines() if line.startswith(("-", "+")))


WORKLOADS = ("Deployment", "DaemonSet", "StatefulSet")
GATEWAY_TEMPLATE = ("inject.istio.io/templates", "gateway")
"""Annotation of a pod whose proxy istiod's webhook adds, as in a gateway's pod."""
IMAGE = ("hub", "tag", "variant")
READ = tuple(f"{kind} " for kind in (*WORKLOADS, *KINDS, "ConfigMap"))
"""Beginnings of the objects from which the consequences follow."""


@dataclass(frozen=True)
class Consequences:
    """Consequences for workloads, each as `KIND NAMESPACE/NAME`."""

    restarts: tuple[str, ...] = ()
    """Workloads whose pod template changes: a rollout replaces their pods."""
    stale: tuple[str, ...] = ()
    """Gateways whose pods stay, though istiod would now inject another proxy image."""
    proxy: str | None = None
    """Version of the running proxies, where istiod will inject another one."""
    has_new_sidecars: bool = False
    """True where a recreated pod gets a different sidecar from the running one."""
    lost_control_plane: str | None = None
    """Namespace in which running sidecars look for an istiod that is no longer there."""
    drains: tuple[Drain, ...] = ()
    """Open connections that are closed without a restart."""


def consequences_for_pods(before: Objects, after: Objects) -> Consequences:
    """Compare the objects of both sides."""
    old, new = ({key: _load(text) for key, text in side.items() if key.startswith(READ)} for side in (before, after))
    pairs = ((key, old[key], new[key]) for key in old if key in new and key.startswith(WORKLOADS))
    templates = {key: [each["spec"]["template"] for each in pair] for key, *pair in pairs}
    restarts = tuple(key for key, (was, now) in templates.items() if was != now)
    effect = Consequences(restarts, drains=_drains(old, new, after.keys() - before))
    injections = [_injection(side) for side in (old, new)]
    if None in injections or injections[0] == injections[1]:
        return effect
    was, now = (injection["values"].get("global", {}) for injection in injections if injection)
    proxy = was.get("tag") if any(was.get(key) != now.get(key) for key in IMAGE) else None
    stays = (key for key, (template, _) in templates.items() if key not in restarts and _is_gateway(template))
    moves = was.get("istioNamespace") != now.get("istioNamespace")
    return replace(
        effect,
        stale=tuple(stays) if proxy else (),
        proxy=proxy,
        has_new_sidecars=True,
        lost_control_plane=was.get("istioNamespace") if moves else None,
    )


def _drains(before: Manifests, after: Manifests, new: Collection[str]) -> tuple[Drain, ...]:
    """Return the connections that drain; none where the stack gets or loses its istiod, or a namespace comes."""
    running, planned = (_mesh_config(side) for side in (before, after))
    if not running or not planned:
        return ()
    kept = {key for key in {**before, **after} if f"Namespace {key.partition(' ')[2].partition('/')[0]}" not in new}
    old_side, new_side = (of_kinds(entry for key, entry in side.items() if key in kept) for side in (before, after))
    paths = changed_paths({"meshConfig": running}, {"meshConfig": planned})
    return drains(old_side, new_side, paths, running.get("rootNamespace", DEFAULT_ROOT))


def _is_gateway(template: Mapping[str, Any]) -> bool:
    name, value = GATEWAY_TEMPLATE
    return (value_at(template, "metadata.annotations") or {}).get(name) == value


def _mesh_config(objects: Manifests) -> dict[str, Any]:
    return _load((_config_map(objects, "istio") or {}).get("mesh") or "{}") or {}


def _injection(objects: Manifests) -> dict[str, Any] | None:
    """Return the template from which istiod's webhook creates sidecars, wherever istiod is."""
    injector = _config_map(objects, "istio-sidecar-injector")
    if injector is None:
        return None
    return {
        "templates": injector.get("config"),
        "values": json.loads(injector.get("values") or "{}"),
        "proxyConfig": _mesh_config(objects).get("defaultConfig"),
    }


def _config_map(objects: Manifests, name: str) -> dict[str, str] | None:
    maps = (entry for key, entry in objects.items() if key.startswith("ConfigMap ") and key.endswith(f"/{name}"))
    return next((entry.get("data", {}) for entry in maps), None)


def _load(text: str) -> Any:
    return yaml.load(text, yaml.CSafeLoader)
