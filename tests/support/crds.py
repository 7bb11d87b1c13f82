"""The schemas of Istio's own CRDs, closed: a field that they lack is an error, and not pruned."""

import tarfile
from functools import cache
from typing import Any

import jsonschema
import yaml

from tests.support import charts


def problems(item: dict[str, Any], version: str) -> list[str]:
    """Return the violations of an object against Istio's schema of this version, a line each with its path."""
    schema = jsonschema.Draft202012Validator(_schema(item["kind"], item["apiVersion"], version))
    return [f"{item['kind']} {error.json_path}: {error.message}" for error in schema.iter_errors(item["spec"])]


@cache
def _schema(kind: str, api_version: str, version: str) -> dict[str, Any]:
    """Return the schema of the kind's spec."""
    crd = next(one for one in _documents(version) if f"\n    kind: {kind}\n" in one)
    served = yaml.load(crd, Loader=yaml.CSafeLoader)["spec"]["versions"]
    (entry,) = (one for one in served if one["name"] == api_version.partition("/")[2] and one["served"])
    return _closed(entry["schema"]["openAPIV3Schema"]["properties"]["spec"])


@cache
def _documents(version: str) -> list[str]:
    """Return each CRD of the base chart as text: parsing them all takes seconds."""
    with tarfile.open(charts.package("base", version)) as chart:
        name = next(name for name in chart.getnames() if name.endswith("/crd-all.gen.yaml"))
        packed = chart.extractfile(name)
        assert packed is not None
        return packed.read().decode().split("\n---\n")


def _closed(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {name: _closed(value) for name, value in schema.items()}
    if isinstance(inner.get("properties"), dict) and inner.get("type") == "object":
        inner.setdefault("additionalProperties", False)
    return inner
