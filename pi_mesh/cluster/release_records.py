"""What Helm believes to have installed: the manifest that it keeps in a release's secret.

Format: base64 of (base64 of gzip of JSON): https://github.com/helm/helm/blob/main/pkg/storage/driver/util.go
"""

import base64
import gzip
import json

import yaml

from pi_mesh.cluster.client import Client
from pi_mesh.cluster.helm_releases import Release

Loader = getattr(
    yaml, "CSafeLoader", yaml.SafeLoader
)  # the CRDs are a megabyte; the C loader takes a tenth of the time


def of_release(client: Client, release: Release) -> tuple[dict, ...]:
    """The objects of a release; those that name no namespace are in the release's, or in none."""
    secret = client.get(f"/api/v1/namespaces/{release.namespace}/secrets/{release.secret}") or {}
    encoded = secret.get("data", {}).get("release")
    return decode(encoded) if encoded else ()


def decode(encoded: str) -> tuple[dict, ...]:
    """The objects in the `release` of such a secret."""
    content = json.loads(gzip.decompress(base64.b64decode(base64.b64decode(encoded))))
    objects = yaml.load_all(content["manifest"], Loader=Loader)
    return tuple(entry for entry in objects if entry)
