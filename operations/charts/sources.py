"""The sources of charts: a directory, a repository (index.yaml over HTTPS), or a registry (OCI)."""

import json
import re
from hashlib import sha256
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import httpx2 as httpx
import yaml

from pi_mesh.settings.releases import ChartSettings, is_loopback

SECONDS = 60.0
LARGEST = 64 * 2**20
"""Bytes of the largest answer; Istio's charts have 100 KiB, and large repositories have an index of 20 MiB."""
LOGIN = "asks for a login; download the chart by hand and set its source to the directory"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
LAYER = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
"""Media type of a packaged chart in a registry (helm.sh/docs/topics/registries)."""


class ChartUnavailableError(Exception):
    """A source does not provide a chart; the text is one line: where, and why."""


def read_chart(source: str, chart: str, version: str) -> bytes:
    """Return the packaged chart. Raises ChartUnavailableError."""
    place = ChartSettings(source=source)
    try:
        if place.is_directory:
            return Path(place.package(chart, version)).read_bytes()
        host = place.source.removeprefix("oci://").partition("/")[0]
        is_plain = place.source.startswith("http://") or is_loopback(host)
        hooks = {"request": [] if is_plain else [_refuse_plain]}
        with httpx.Client(follow_redirects=True, timeout=SECONDS, event_hooks=hooks) as client:
            fetch = _of_registry if place.is_registry else _of_repository
            return fetch(client, place.source, chart, version)
    except OSError as error:
        raise ChartUnavailableError(f"{place.package(chart, version)}: {error.strerror}") from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise ChartUnavailableError(f"{source} does not answer: {error or type(error).__name__}") from None
    except (yaml.YAMLError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise ChartUnavailableError(f"{source} gives an unreadable answer: {' '.join(str(error).split())}") from None


def _of_repository(client: httpx.Client, source: str, chart: str, version: str) -> bytes:
    index = yaml.load(_content(client, f"{source}/index.yaml"), yaml.CSafeLoader)
    entry = next((entry for entry in index["entries"].get(chart) or [] if entry["version"] == version), None)
    if not entry:
        raise ChartUnavailableError(f"{source} has no {chart} {version}")
    url, *_ = entry["urls"]
    return _checked(_content(client, urljoin(f"{source}/", url)), entry.get("digest") or "", source)


def _of_registry(client: httpx.Client, source: str, chart: str, version: str) -> bytes:
    host, _, path = source.removeprefix("oci://").partition("/")
    name = f"{path}/{chart}".strip("/")
    api = f"{'http' if is_loopback(host) else 'https'}://{host}/v2/{name}"
    # Tags know no "+" (helm.sh/docs/topics/registries).
    where, headers = f"{api}/manifests/{version.replace('+', '_')}", {"Accept": MANIFEST}
    with client.stream("GET", where, headers=headers) as answer:
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            headers["Authorization"] = f"Bearer {_token(client, answer)}"
            manifest = _content(client, where, headers)
        else:
            manifest = _read(answer)
    layer, *_ = (layer for layer in json.loads(manifest)["layers"] if layer["mediaType"] == LAYER)
    return _checked(_content(client, f"{api}/blobs/{layer['digest']}", headers), layer["digest"], source)


def _token(client: httpx.Client, refused: httpx.Response) -> str:
    """Return the anonymous token of a registry (distribution.github.io/distribution/spec/auth/token)."""
    scheme, _, rest = refused.headers.get("WWW-Authenticate", "").partition(" ")
    challenge = dict(re.findall(r'(\w+)="([^"]*)"', rest))
    realm = urlsplit(challenge.pop("realm", ""))
    if scheme.lower() != "bearer" or (realm.scheme != "https" and not is_loopback(realm.netloc)):
        raise ChartUnavailableError(f"{refused.url.host} {LOGIN}")
    try:
        login = json.loads(_content(client, str(httpx.URL(realm.geturl(), params=challenge))))
    except ChartUnavailableError:
        raise ChartUnavailableError(f"{refused.url.host} {LOGIN}") from None
    return login.get("token") or login["access_token"]


def _refuse_plain(request: httpx.Request) -> None:
    """Refuse a redirect, or an address in an index, that leaves HTTPS."""
    if request.url.scheme != "https":
        raise ChartUnavailableError(f"{request.url} is where the source leads, and it is not encrypted")


def _content(client: httpx.Client, url: str, headers: dict[str, str] | None = None) -> bytes:
    with client.stream("GET", url, headers=headers) as answer:
        return _read(answer)


def _read(answer: httpx.Response) -> bytes:
    """Return the content of an answer, of at most LARGEST bytes."""
    if not answer.is_success:
        raise ChartUnavailableError(f"{answer.url} answers {answer.status_code} {answer.reason_phrase}".strip())
    content = bytearray()
    for part in answer.iter_bytes():
        content += part
        if len(content) > LARGEST:
            raise ChartUnavailableError(f"{answer.url} sends more than {LARGEST // 2**20} MiB, which is no chart")
    return bytes(content)


def _checked(content: bytes, digest: str, source: str) -> bytes:
    """Return the content if it has the sum that the source names; repositories need not name any."""
    named_sum, own_sum = digest.removeprefix("sha256:"), sha256(content).hexdigest()
    if named_sum and named_sum != own_sum:
        raise ChartUnavailableError(f"{source} sends sha256 {own_sum}, and names {named_sum} for it")
    return content
