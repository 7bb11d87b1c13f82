"""A new version of Istio, from one real control plane to the next, while requests run."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from lab.calls import settled
from lab.cluster.kubectl import kubectl, staying_pods
from lab.toolchain.istio_parts import ISTIO
from lab.workloads import CONTROL, TRADING, wait_for
from tests.live.traffic.load import Tally, streams
from tests.live.traffic.shop import INSIDER, SHOP, STOP_SECONDS, WAYS, open_shop
from tests.support import proxies
from tests.support.helm import helm
from tests.support.project import Project

RELEASES = {"istio-base", "istiod", "istio-ingressgateway", "istio-egressgateway"}
GATEWAYS = ("istio-ingressgateway", "istio-egressgateway")
SIDECARS = (SHOP.name, INSIDER.name)
OLDER = [
    pytest.param("1.30.0", id="from 1.30"),
    pytest.param("1.27.9", id="from 1.27", marks=pytest.mark.long),
]
"""The lab has no control plane between these two: from 1.27 the upgrade skips three minor versions."""


@dataclass(frozen=True)
class Upgrade:
    """The observation of an upgrade to the lab's own version: releases, and the versions of the workloads' proxies."""

    older: str
    releases: tuple[dict[str, tuple[int, str]], dict[str, tuple[int, str]]]
    output: str
    images: set[str]
    proxies_before: dict[str, set[str]]
    proxies_upgraded: dict[str, set[str]]
    proxies_restarted: dict[str, set[str]]
    tallies: dict[str, Tally]


@pytest.fixture(scope="module", params=OLDER)
def upgrade(request: pytest.FixtureRequest, project: Project, older_istio: Callable[[str], None]) -> Iterator[Upgrade]:
    """Yield the stack lab, installed with an older version in an empty cluster and upgraded to the lab's own."""
    older = request.param
    older_istio(older)
    project.must_hold_nothing()
    kubectl("delete", "crds", "--selector=app=istio-pilot")
    project.set("istio.version", older)
    project.must_up()
    try:
        with open_shop():
            yield _upgraded(project, older)
    finally:
        project.reset()


def _upgraded(project: Project, older: str) -> Upgrade:
    before = releases(), connected(of(older, *GATEWAYS, *SIDECARS))
    project.set("istio.version", ISTIO)
    if older == "1.27.9":  # three minors below: the lab has none between
        project.set("istio.allowSkip", True)
    with streams(**WAYS) as tallies:
        output = project.must_up().output
        upgraded = connected(of(ISTIO, *GATEWAYS) | of(older, *SIDECARS))
        kubectl("rollout", "restart", f"--namespace={SHOP.namespace}", f"deployment/{SHOP.name}")
        wait_for(SHOP)
        time.sleep(STOP_SECONDS)
    restarted = connected(of(ISTIO, *GATEWAYS, SHOP.name) | of(older, INSIDER.name))
    images = {one["image"] for pod in staying_pods(CONTROL) for one in pod["spec"]["containers"]}
    return Upgrade(older, (before[0], releases()), output, images, before[1], upgraded, restarted, tallies)


def releases() -> dict[str, tuple[int, str]]:
    """Return each release's revision and the version that it has."""
    listed = json.loads(helm("list", "--output", "json"))
    return {one["name"]: (int(one["revision"]), one["app_version"]) for one in listed}


def connected(expected: dict[str, set[str]]) -> dict[str, set[str]]:
    """Return the workloads' proxies' versions, once they are the expected ones: proxies need a moment to connect."""
    return settled(lambda: proxies.versions(CONTROL, TRADING), expected)


def of(version: str, *workloads: str) -> dict[str, set[str]]:
    return {name: {version} for name in workloads}


def test_every_release_is_upgraded_in_place(upgrade):
    before, after = upgrade.releases
    assert {version for _, version in before.values()} == {upgrade.older}
    assert after == {name: (before[name][0] + 1, ISTIO) for name in RELEASES}
    assert "replaced" not in upgrade.output
    assert upgrade.images == {f"docker.io/istio/pilot:{ISTIO}", f"docker.io/istio/proxyv2:{ISTIO}"}


def test_no_request_is_lost(upgrade, figure):
    figure("; ".join(f"{name}: {tally}" for name, tally in upgrade.tallies.items()))
    assert {name: tally.failed for name, tally in upgrade.tallies.items()} == {name: {} for name in WAYS}


def test_gateways_follow_at_once_and_sidecars_at_their_restart(upgrade, figure):
    assert upgrade.proxies_before == of(upgrade.older, *GATEWAYS, *SIDECARS)
    assert upgrade.proxies_upgraded == of(ISTIO, *GATEWAYS) | of(upgrade.older, *SIDECARS)
    assert upgrade.proxies_restarted == of(ISTIO, *GATEWAYS, SHOP.name) | of(upgrade.older, INSIDER.name)
    figure(f"proxies of gateways {ISTIO}, of sidecars {upgrade.older}; {ISTIO} where the workload restarted")


def test_nothing_is_left_to_change(upgrade, project):  # noqa: ARG001 - first the upgrade
    project.preview("--expect-no-changes").must()
