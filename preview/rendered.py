"""The Kubernetes objects that an intent comes down to, as text that can be compared."""

import re
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from preview.intent import Intent, Resource

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
RELEASE = "kubernetes:helm.sh/v3:Release"
SEPARATOR = re.compile(r"^---.*\n", re.MULTILINE)
COMMENT = re.compile(r"^# Source: .*\n", re.MULTILINE)

Objects = dict[str, str]
"""KIND NAMESPACE/NAME -> its YAML."""


class NotRenderedError(Exception):
    """helm could not render a chart."""


def objects(intent: Intent, folder: Path) -> Objects:
    """All objects of a side; `folder`: its checkout, where local charts lie. Raises NotRenderedError."""
    found: Objects = {}
    for resource in intent.resources.values():
        if resource.type == RELEASE:
            found.update(_named(_documents(_template(resource, folder))))
        elif resource.type.startswith("kubernetes:") and "kind" in resource.inputs:
            found.update(_named([yaml.safe_dump(resource.inputs)]))
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
    except FileNotFoundError:
        raise NotRenderedError("helm is not on PATH") from None
    if run.returncode:
        raise NotRenderedError(f"{' '.join(command[:4])}: {run.stderr.strip()}")
    return run.stdout


def _whole_numbers(tree: Any) -> Any:
    """Undoes the engine's float for every number: some templates print 1.0 where a 1 went in."""
    if isinstance(tree, dict):
        return {key: _whole_numbers(value) for key, value in tree.items()}
    if isinstance(tree, list):
        return [_whole_numbers(value) for value in tree]
    return int(tree) if isinstance(tree, float) and tree.is_integer() else tree


def _documents(text: str) -> Iterator[str]:
    for document in SEPARATOR.split(text):
        if content := COMMENT.sub("", document).strip():
            yield f"{content}\n"


def _named(documents: Iterator[str] | list[str]) -> Iterator[tuple[str, str]]:
    for text in documents:
        if one := yaml.load(text, LOADER):
            place = one["metadata"].get("namespace")
            name = f"{one['kind']} {place + '/' if place else ''}{one['metadata']['name']}"
            yield name, _without_data(one) if one["kind"] == "Secret" else text


def _without_data(secret: dict[str, Any]) -> str:
    """A Secret with its keys, but not its values: this text becomes a public comment."""
    masked = {
        part: dict.fromkeys(secret[part], "[secret]")
        for part in ("data", "stringData")
        if isinstance(secret.get(part), dict)
    }
    return yaml.safe_dump({**secret, **masked})
