"""The images of a stack: those of its pods, the nodes that lack one, and a pull by one node after the other."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from operations import short_lived
from operations.rehearse import job, judgement, trial
from operations.rehearse.trial import Say, Trial
from operations.results import ImageRow
from pi_mesh.checks.finding import Finding, Level, Subject, ok, unknown, warning
from pi_mesh.cluster.client import Client
from pi_mesh.cluster.nodes import Node
from pi_mesh.cluster.pods import image_program
from pi_mesh.inventory import Kind, Release, mesh_inventory
from pi_mesh.settings import Settings
from pi_mesh.settings.releases import DOCKER_HUB
from pi_mesh.words import enumerated

ID = "image"
PILOT, PROXY = "pilot", "proxyv2"
PROGRAMS = {PILOT: ["/usr/local/bin/pilot-discovery", "version"], PROXY: [job.ENVOY, "--version"]}
"""Command of each image that ends at once (istio/istio, pilot/docker/Dockerfile.pilot and Dockerfile.proxyv2)."""
MOST = 50
"""Number of images, the largest, that a kubelet lists by default (nodeStatusMaxImages):
https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/"""
Rows = tuple[ImageRow, ...]


def image_rows(settings: Settings, stack: str) -> Rows:
    """Return Istio's images, and a row for each chart that names the images of its pods itself."""
    images: dict[str, list[str]] = {}
    charts: list[ImageRow] = []
    for release in mesh_inventory(settings, stack).releases:
        for image, user in _images_of(release, settings).items():
            images.setdefault(image, []).append(user)
        if release.kind in (Kind.CERT_MANAGER, Kind.ADDON):
            chart = f"{release.chart} {release.version}"
            charts.append(ImageRow(image=None, users=(release.id,), policy=None, chart=chart))
    policy = settings.images.pull_policy
    named = (ImageRow(image=i, users=tuple(users), policy=policy, chart=None) for i, users in images.items())
    return (*named, *charts)


def _images_of(release: Release, settings: Settings) -> Mapping[str, str]:
    """Return who has each of Istio's images of a release."""
    title, reference = next((workload.title for workload in release.workloads), ""), settings.images.reference
    if release.kind in (Kind.ISTIOD, Kind.CANARY):
        version = release.version
        return {reference(PILOT, version): title, reference(PROXY, version): f"sidecars of {title}"}
    if release.kind is Kind.GATEWAY:  # istiod of the gateway's revision gives it the image
        canary, revision = settings.istio.canary, getattr(settings, release.setting).revision
        is_moved = canary and revision == canary.revision
        return {reference(PROXY, canary.version if canary and is_moved else settings.istio.version): title}
    return {}


def _references(rows: Rows) -> list[str]:
    return [row.image for row in rows if row.image]


def chart_findings(rows: Rows) -> Iterator[Finding]:
    """Yield a finding for each release whose images only its chart names."""
    for row in (row for row in rows if row.chart):
        yield unknown(ID, Subject("release", *row.users), f"has images that only the chart {row.chart} names")


def check(stack: str, to: str | None) -> tuple[Rows, list[Finding]]:
    """Return the images, and which Ready nodes have each. Raises as `stacks.load_with_cluster` does."""
    targets = job.read_targets(stack, to)
    rows, nodes = image_rows(targets.settings, stack), [node for node in targets.cluster.nodes if node.ready]
    fix = f"`python -m operations images pull{f' --to {to}' if to else ''} -s STACK`"
    places = [_places(targets.settings, image, nodes, fix) for image in _references(rows)]
    return rows, [*places, *chart_findings(rows)]


def _places(settings: Settings, image: str, nodes: Iterable[Node], fix: str) -> Finding:
    has, subject = {node.name: has_image(settings, node, image) for node in nodes}, Subject(ID, image)
    if lacking := [node for node in has if has[node] is False]:
        return warning(ID, subject, f"is not on {enumerated(lacking)}: its next pod there waits for a pull", fix)
    if unsure := [node for node in has if has[node] is None]:
        message = f"may be on {enumerated(unsure)}: the kubelet names {MOST} images or more, which may not be all"
        return unknown(ID, subject, message, fix)
    return ok(ID, subject, f"is on {enumerated(has) or 'no Ready node'}", number=len(has))


def has_image(settings: Settings, node: Node, image: str) -> bool | None:
    """Return True for a node whose list has this image; None where the list may have left it out.

    The list has names with their registry, and by the digest alone where an image was pulled by it, for containerd
    drops the tag beside a digest (distribution/reference, ParseDockerRef).
    """
    name, _, digest = image.removeprefix("index.docker.io/").partition("@")
    if settings.images.registry == DOCKER_HUB and not name.startswith("docker.io/"):
        name = f"docker.io/{name}"
    if digest:
        name = f"{name.rpartition(':')[0]}@{digest}"
    if any(name in names for names in node.images):
        return True
    return None if len(node.images) >= MOST else False


def pull(stack: str, to: str | None, namespace: str | None, wait: int | None, say: Say) -> tuple[Rows, list[Finding]]:
    """Have one node after the other pull Istio's images. Raises as `stacks.load_with_cluster` and `Client` do."""
    targets = job.read_targets(stack, to, namespace, wait)
    rows, findings = image_rows(targets.settings, stack), [*targets.untried(ID)]
    with Client(targets.settings.cluster.context) as client:
        short_lived.sweep(client)
        findings += targets.missing_secrets(client, ID)
        for node in targets.nodes:
            subject, every = Subject("node", node.name), _references(rows)
            images = [image for image in every if not has_image(targets.settings, node, image)]
            if not images:
                findings.append(ok(ID, subject, f"already has {enumerated(every)}"))
                continue
            say(f"node {node.name} pulls {enumerated(images)}")
            pulls = {node.name: targets.job(node.name, _parts(images))}
            with trial.running_trials(client, pulls, targets.seconds, say) as answers:
                findings.append(_pulled(subject, images, answers[node.name]))
    return rows, [*findings, *chart_findings(rows)]


def _parts(images: Iterable[str]) -> list[dict[str, Any]]:
    """Return a container for each image; it runs the image's own program, which may be the only one there."""
    commands = [{"image": image, "command": PROGRAMS[image_program(image)]} for image in images]
    return [{"name": f"image-{n}", **each, "securityContext": job.OF_PROXY} for n, each in enumerate(commands)]


def _pulled(node: Subject, images: Iterable[str], answer: Trial) -> Finding:
    """Judge a pull; a node on which no Job ran is an error too."""
    failed = answer.startup.image if answer.startup else ""
    finding = judgement.image_finding(ID, node, failed or " with ".join(images), answer)
    return replace(finding, level=Level.ERROR) if finding.level is Level.UNKNOWN else finding


def copies(rows: Rows, target: str) -> Iterator[Finding]:
    """Yield a finding for each image, whose message is the command that copies it."""
    for image in _references(rows):
        name = image.partition("@")[0].rpartition("/")[2]
        yield ok("copy", Subject(ID, image), f"crane copy {image} {target.rstrip('/')}/{name}")
    yield from chart_findings(rows)
