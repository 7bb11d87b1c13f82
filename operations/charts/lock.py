"""The charts of a stack: fetch them from a directory, a repository (index.yaml) or a registry (OCI), and lock them."""

import io
import json
import re
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from hashlib import sha256
from math import inf
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import httpx2 as httpx
import yaml

from operations import stacks
from operations.failures import UsageError
from pi_mesh import inventory
from pi_mesh.checks.finding import Finding, Subject, error, errors, ok
from pi_mesh.inventory import Release, chart_lock
from pi_mesh.inventory.chart_lock import FILE, ChartLock, LockedChart, sum_of
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
        hooks = {"request": [] if place.source.startswith("http://") or is_loopback(host) else [_refuse_plain]}
        with httpx.Client(follow_redirects=True, timeout=SECONDS, event_hooks=hooks) as client:
            fetch = _of_registry if place.is_registry else _of_repository
            return fetch(client, place.source, chart, version)
    except OSError as problem:
        raise ChartUnavailableError(f"{place.package(chart, version)}: {problem.strerror}") from None
    except (httpx.HTTPError, httpx.InvalidURL) as problem:
        raise ChartUnavailableError(f"{source} does not answer: {problem or type(problem).__name__}") from None
    except (yaml.YAMLError, ValueError, LookupError, TypeError, AttributeError) as problem:
        raise ChartUnavailableError(f"{source} gives an unreadable answer: {' '.join(str(problem).split())}") from None


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


ID = "charts"
HEADER = """\
# The SHA-256 sums of the charts that each stack may install. `python -m operations charts lock -s STACK` writes them;
# review and commit them. A stack that is not in here trusts its charts unseen. docs/clusters.md says more.
"""


class ChangedChartError(Exception):
    """A chart differs from the locked one; the text has both sums."""


def fetch_chart(source: str, chart: str, version: str, locked: str = "") -> tuple[LockedChart, bytes]:
    """Return a chart and its sum. Raises ChartUnavailableError, and ChangedChartError for a sum other than `locked`."""
    content = read_chart(source, chart, version)
    named = _metadata(content)
    if (named.get("name"), str(named.get("version"))) != (chart, version):
        raise ChartUnavailableError(f"{source} answers with the chart {named.get('name')} {named.get('version')}")
    entry = LockedChart(chart=chart, version=version, source=source, sha256=sha256(content).hexdigest())
    if locked and entry.sha256 != locked:
        raise ChangedChartError(f"{source} has sha256 {entry.sha256}, {FILE} has {locked}")
    return entry, content


CACHE = Path(".cache") / "pi-mesh-charts"
"""Folder below the user's home with charts that a command has read."""


def on_this_machine(release: Release) -> Release:
    """Return a release whose chart is in a directory; another source's is fetched once. Raises as `fetch_chart`."""
    if release.source.is_directory:
        return release
    place = ChartSettings(source=str(Path.home() / CACHE / sha256(release.source.source.encode()).hexdigest()[:12]))
    package = place.package(release.chart, release.version)
    if not sum_of(package):
        _replace(Path(package), fetch_chart(release.source.source, release.chart, release.version)[1])
    return replace(release, source=place)


def refuse_change(entry: LockedChart, known: ChartLock) -> None:
    """Raise ChangedChartError where any stack has another sum of the same file, or of the same chart of the source."""
    for stack, other in ((stack, other) for stack, others in known.stacks.items() for other in others):
        same_file = other.package == entry.package
        same_source = (other.source, other.chart, other.version) == (entry.source, entry.chart, entry.version)
        if (same_file or same_source) and other.sha256 != entry.sha256:
            raise ChangedChartError(f"{entry.source} has sha256 {entry.sha256}, {FILE} has {other.sha256} ({stack})")


def keep_chart(entry: LockedChart, content: bytes) -> None:
    """Write a chart to its place in one step."""
    if sum_of(entry.package) != entry.sha256:
        _replace(Path(entry.package), content)


def write_lock(known: ChartLock, stack: str, entries: tuple[LockedChart, ...]) -> None:
    """Write the lock with these charts for one stack, keeping the entries of other stacks."""
    stacks = {**known.stacks, stack.rpartition("/")[2]: entries}
    content = {
        name: [entry.model_dump() for entry in sorted(charts, key=lambda entry: (entry.chart, entry.version))]
        for name, charts in sorted(stacks.items())
    }
    _replace(Path(FILE), (HEADER + yaml.safe_dump({"stacks": content}, sort_keys=False, width=inf)).encode())


def _replace(file: Path, content: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_name(f".{file.name}.partial")
    partial.write_bytes(content)
    partial.replace(file)


def _metadata(content: bytes) -> Mapping[str, object]:
    """Return the metadata of a packaged chart. Raises ChartUnavailableError for any other content."""
    try:
        with tarfile.open(fileobj=io.BytesIO(content)) as archive:
            for member in archive:
                if member.name.count("/") == 1 and member.name.endswith("/Chart.yaml"):
                    file = archive.extractfile(member)
                    return yaml.safe_load(file.read()) if file else {}
    except (tarfile.TarError, EOFError, yaml.YAMLError, OSError) as problem:
        raise ChartUnavailableError(f"the content is no packaged chart: {' '.join(str(problem).split())}") from None
    raise ChartUnavailableError("the content is no packaged chart: it has no Chart.yaml")


UNREACHABLE = "check that the source is reachable and has that version; the lock is unchanged"
CHANGED = f"a released chart does not change: find out who changed it; to accept it, remove the old entry from {FILE}"


def lock_charts(stack: str, also: list[str]) -> list[Finding]:
    """Fetch the charts of a stack and write their sums; where one is missing or has changed, nothing is written."""
    findings: list[Finding] = []
    files: dict[LockedChart, bytes] = {}
    known = chart_lock.read_all()
    for release in _needed(stack, also):
        try:
            entry, content = fetch_chart(release.source.source, release.chart, release.version)
            refuse_change(entry, known)
        except (ChartUnavailableError, ChangedChartError) as problem:
            findings.append(_problem(release, problem))
            continue
        files[entry] = content
        findings.append(ok(ID, _subject(entry), f"sha256 {entry.sha256}, from {entry.source}"))
    if not errors(findings):
        for entry, content in files.items():
            keep_chart(entry, content)
        write_lock(known, stack, tuple(files))
    return findings


def _needed(stack: str, also: list[str]) -> Iterator[Release]:
    """Yield a release for each chart that the settings need, with their own version of Istio and with the others."""
    versions = [stacks.load(stack), *(stacks.load_changed(stack, {"istio.version": version}) for version in also)]
    releases = [release for settings in versions for release in inventory.mesh_inventory(settings, stack).releases]
    yield from {(release.chart, release.version): release for release in releases}.values()


def vendor_charts(stack: str) -> Iterator[Finding]:
    """Fetch each locked chart of a stack into its place."""
    entries = chart_lock.read(stack)
    if entries is None:
        raise UsageError(stack, f"{FILE} does not have it", f"`python -m operations charts lock -s {stack}` first")
    for entry in entries:
        is_there = sum_of(entry.package) == entry.sha256
        try:
            if not is_there:
                keep_chart(entry, fetch_chart(entry.source, entry.chart, entry.version, entry.sha256)[1])
        except (ChartUnavailableError, ChangedChartError) as problem:
            yield _problem(entry, problem)
        else:
            message = f"{entry.package} {'is there' if is_there else 'was fetched'} with the locked sum"
            yield ok(ID, _subject(entry), message)


def _subject(entry: LockedChart | Release) -> Subject:
    return Subject("chart", f"{entry.chart} {entry.version}")


def _problem(entry: LockedChart | Release, problem: Exception) -> Finding:
    return error(ID, _subject(entry), str(problem), CHANGED if isinstance(problem, ChangedChartError) else UNREACHABLE)
