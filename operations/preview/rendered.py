"""The Kubernetes objects that one side's program would apply, as comparable text."""

import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml

from operations import not_runnable
from operations.preview.engine_result import Intent, Resource


class Dumper(yaml.CSafeDumper):
    """A YAML dumper that keeps the lines of a text, so that a diff shows the changed line."""


def _text(dumper: Dumper, text: str) -> yaml.ScalarNode:
    # YAML cannot keep the lines of a text with tabs, or with a blank at the end of a line.
    lines = "\n".join(line.expandtabs().rstrip() for line in text.split("\n"))
    return dumper.represent_scalar("tag:yaml.org,2002:str", lines, style="|" if "\n" in text else None)


Dumper.add_representer(str, _text)

RELEASE = "kubernetes:helm.sh/v3:Release"

Objects = dict[str, str]
"""KIND NAMESPACE/NAME -> its YAML."""


class NotRenderedError(Exception):
    """helm could not render a chart."""


def objects(intent: Intent, folder: Path) -> Objects:
    """Return all objects of a side. `folder`: its checkout, for local charts. Raises NotRenderedError."""
    found: Objects = {}
    for resource in intent.resources.values():
        if resource.type == RELEASE:
            found.update(named(filter(None, yaml.load_all(_template(resource, folder), yaml.CSafeLoader))))
        elif resource.type.startswith("kubernetes:") and "kind" in resource.inputs:
            found.update(named([resource.inputs]))
    return found


def _template(release: Resource, folder: Path) -> str:
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
        return _output(command, folder)


def _output(command: list[str], folder: Path) -> str:
    try:
        run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    except OSError as problem:
        raise NotRenderedError(not_runnable.reason("helm", problem)) from None
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


def named(documents: Iterable[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """Yield each document's name and text with sorted keys: comments and quotation marks are no change."""
    for one in documents:
        place = one["metadata"].get("namespace")
        name = f"{one['kind']} {place + '/' if place else ''}{one['metadata']['name']}"
        yield (
            name,
            yaml.dump(
                _without_data(one) if one["kind"] == "Secret" else one, Dumper=Dumper, width=1000, allow_unicode=True
            ),
        )


def _without_data(secret: dict[str, Any]) -> dict[str, Any]:
    """Return a Secret with its keys and without its values: the comment may be public."""
    parts = [part for part in ("data", "stringData") if isinstance(secret.get(part), dict)]
    return {**secret, **{part: dict.fromkeys(secret[part], "[secret]") for part in parts}}
