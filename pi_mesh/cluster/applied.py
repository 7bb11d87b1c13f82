"""The format of the ConfigMap in which `up` records what it applied.

It has one key for each release: the values of typed settings, a digest of the extra values, and the rendered objects.
"""

import base64
import gzip
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pi_mesh.names import PROJECT

NAME = f"{PROJECT}-applied"
CRD, SECRET = "CustomResourceDefinition", "Secret"
LONGEST = 256
"""Largest number of characters of a text that is kept whole; a longer text, such as istiod's injection templates, is
kept as its digest."""
DIGEST = "sha256:"


@dataclass(frozen=True)
class AppliedRelease:
    """A release as it was last applied, from Helm's own record or from the ConfigMap that `up` wrote."""

    release: str
    """NAMESPACE/NAME of the release."""
    revision: int
    chart_version: str
    app_version: str
    values: Mapping[str, object] = field(default_factory=dict)
    """All values from Helm's record, or the values of typed settings from the ConfigMap."""
    extra: str | None = None
    """Digest of the extra values; None if `values` includes them."""
    objects: tuple[dict, ...] = ()
    """Rendered objects, without CRDs."""
    omitted: tuple[str, ...] = ()
    """Names of the release's Secrets, which the ConfigMap leaves out."""
    chart: str = ""
    """Name of the chart; only Helm's record has it."""

    @property
    def namespace(self) -> str:
        return self.release.partition("/")[0]


def key(release: str) -> str:
    """Return the ConfigMap's key of a release, given as NAMESPACE/NAME: a key must not contain a slash."""
    return release.replace("/", "_")


def entry(applied: AppliedRelease, typed: Mapping[str, object], extra: Mapping[str, object]) -> str:
    """Return the ConfigMap's entry of a release from Helm's record, installed with these values."""
    content = {
        "revision": applied.revision,
        "chart": applied.chart_version,
        "app": applied.app_version,
        "values": typed,
        "extra": digest(applied.release, extra),
        "objects": _packed(condensed(applied.objects)),
        "omitted": [one["metadata"]["name"] for one in applied.objects if one["kind"] == SECRET],
    }
    return json.dumps(content, sort_keys=True)


def parse(release: str, text: str) -> AppliedRelease | None:
    """Return the release of an entry; None for a text that `up` did not write."""
    try:
        content = json.loads(text)
        return AppliedRelease(
            release,
            int(content["revision"]),
            content["chart"],
            content["app"],
            content["values"],
            content["extra"],
            tuple(json.loads(gzip.decompress(base64.b64decode(content["objects"])))),
            tuple(content["omitted"]),
        )
    except (ValueError, KeyError, TypeError, OSError, EOFError):
        return None


def digest(release: str, extra: Mapping[str, object]) -> str:
    """Return a digest that is slow to compute, because extra values may contain a password; empty without any."""
    if not extra:
        return ""
    text = json.dumps(extra, sort_keys=True)
    return hashlib.scrypt(text.encode(), salt=release.encode(), n=2**14, r=8, p=1, dklen=16).hex()


def same_text(wanted: object, live: object) -> bool:
    """Return True for a live text whose digest is `wanted`."""
    return isinstance(live, str) and isinstance(wanted, str) and wanted.startswith(DIGEST) and wanted == _short(live)


def condensed(objects: Iterable[dict]) -> tuple[object, ...]:
    """Return the objects as the ConfigMap keeps them: without Secrets, and with digests in place of long texts."""
    return tuple(_condensed(one) for one in objects if one["kind"] != SECRET)


def _condensed(value: object) -> object:
    if isinstance(value, dict):
        return {key: _condensed(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_condensed(one) for one in value]
    return _short(value) if isinstance(value, str) and len(value) > LONGEST else value


def _short(text: str) -> str:
    return f"{DIGEST}{hashlib.sha256(text.encode()).hexdigest()}"


def _packed(objects: Iterable[object]) -> str:
    # gzip's header contains the time; without it the same objects give the same text.
    packed = gzip.compress(json.dumps([*objects], sort_keys=True).encode(), mtime=0)
    return base64.b64encode(packed).decode()
