"""The ConfigMap in which `up` leaves what it applied: what a verification needs that may read no Secret.

One key for each release: the values that typed settings gave, a digest of the extra ones, and the rendered objects.
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
"""Characters of a text that is kept whole; of a longer one, such as istiod's injection templates, its digest is."""
DIGEST = "sha256:"


@dataclass(frozen=True)
class AppliedRelease:
    """A release as it was applied last, by Helm's own record or by what `up` left of it."""

    release: str
    """NAMESPACE/NAME."""
    revision: int
    chart_version: str
    app_version: str
    values: Mapping[str, object] = field(default_factory=dict)
    """All values in Helm's record; in what `up` left, those that typed settings gave."""
    extra: str | None = None
    """Digest of the extra values; None where `values` holds them too."""
    objects: tuple[dict, ...] = ()
    """The rendered objects, without CRDs."""
    omitted: tuple[str, ...] = ()
    """Secrets of the release, as NAME, of which `up` leaves nothing."""
    chart: str = ""
    """Name of the chart; only Helm's record tells it."""

    @property
    def namespace(self) -> str:
        return self.release.partition("/")[0]


def key(release: str) -> str:
    """Return the key of a release, NAMESPACE/NAME, in the ConfigMap, whose keys may hold no slash."""
    return release.replace("/", "_")


def entry(applied: AppliedRelease, typed: Mapping[str, object], extra: Mapping[str, object]) -> str:
    """Return the text that is kept of a release of Helm's record, installed with these values."""
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
    """Return what is kept of a release; None for a text that `up` did not write."""
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
    """Return a digest that is slow to compute, since extra values may hold a password; empty without any."""
    if not extra:
        return ""
    text = json.dumps(extra, sort_keys=True)
    return hashlib.scrypt(text.encode(), salt=release.encode(), n=2**14, r=8, p=1, dklen=16).hex()


def same_text(wanted: object, live: object) -> bool:
    """Return True for a live text of which `wanted` is the digest."""
    return isinstance(live, str) and isinstance(wanted, str) and wanted.startswith(DIGEST) and wanted == _short(live)


def condensed(objects: Iterable[dict]) -> tuple[object, ...]:
    """Return the objects as they are kept: without Secrets, and with digests in place of long texts."""
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
    # The time stands in gzip's header: without it the same objects give the same text.
    packed = gzip.compress(json.dumps([*objects], sort_keys=True).encode(), mtime=0)
    return base64.b64encode(packed).decode()
