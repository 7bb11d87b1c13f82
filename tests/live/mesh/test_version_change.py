"""A new version of Istio, from one real control plane to the next, while requests run.

By `operations upgrade`, which is killed once.
"""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from lab.calls import settled
from lab.cluster.kubectl import kubectl, staying_pods
from lab.toolchain.istio_parts import ISTIO
from lab.workloads import CONTROL, TRADING
from tests.live.reliability.looking import has
from tests.live.traffic.load import Tally, streams
from tests.live.traffic.shop import INSIDER, SHOP, STOP_SECONDS, WAYS, open_shop
from tests.support import proxies
from tests.support.helm import helm
from tests.support.project import STACK, STACK_FILE, Project, kill_session, wait_for

RELEASES = {"istio-base", "istiod", "istio-ingressgateway", "istio-egressgateway"}
GATEWAYS = ("istio-ingressgateway", "istio-egressgateway")
SIDECARS = (SHOP.name, INSIDER.name)
OLDER = [
    pytest.param("1.30.0", id="from 1.30"),
    pytest.param("1.27.9", id="from 1.27", marks=pytest.mark.long),
]
"""The lab has no control plane between these two: from 1.27 the first step skips two minor versions."""
REMARK = "# whose change it was\n"


@dataclass(frozen=True)
class Upgrade:
    """The observation of an upgrade to the lab's own version: releases, and the versions of the workloads' proxies."""

    older: str
    releases: tuple[dict[str, str], dict[str, str]]
    stack_files: tuple[str, str]
    output: str
    images: set[str]
    proxies: tuple[dict[str, set[str]], dict[str, set[str]]]
    tallies: dict[str, Tally]


@pytest.fixture(scope="module", params=OLDER)
def upgrade(request: pytest.FixtureRequest, project: Project, older_istio: Callable[[str], None]) -> Iterator[Upgrade]:
    """Yield the stack lab, installed with an older version in an empty cluster and upgraded to the lab's own."""
    older = request.param
    older_istio(older)
    if older == "1.27.9":
        older_istio("1.30.0")
    project.must_hold_nothing()
    kubectl("delete", "crds", "--selector=app=istio-pilot")
    project.set("istio.version", older)
    if older == "1.27.9":
        project.set("istio.allowSkip", True)
    project.must_up()
    try:
        with open_shop():
            # Its pod is the client of the requests: refresh leaves a paused Deployment alone.
            kubectl("rollout", "pause", f"--namespace={INSIDER.namespace}", f"deployment/{INSIDER.name}")
            yield _upgraded(project, older)
    finally:
        project.reset()


def _upgraded(project: Project, older: str) -> Upgrade:
    """Kill the upgrade in the middle of istiod's, and run it again."""
    file = project.folder / STACK_FILE
    file.write_text(REMARK + file.read_text())
    written = file.read_text()
    before = versions(), connected(of(older, *GATEWAYS, *SIDECARS))
    command = ("upgrade", "--to", ISTIO, "--yes")
    with streams(**WAYS) as tallies:
        run = project.start("python", "-m", "operations", *command, "--stack", STACK)
        wait_for("istiod in the middle of its upgrade", has("istiod", "pending-upgrade"))
        kill_session(run)
        output = project.operation(*command).must().output
        time.sleep(STOP_SECONDS)
    after = connected(of(ISTIO, *GATEWAYS, SHOP.name) | of(older, INSIDER.name))
    images = {one["image"] for pod in staying_pods(CONTROL) for one in pod["spec"]["containers"]}
    files = written, file.read_text()
    return Upgrade(older, (before[0], versions()), files, output, images, (before[1], after), tallies)


def versions() -> dict[str, str]:
    """Return the version of each release."""
    return {one["name"]: one["app_version"] for one in json.loads(helm("list", "--output", "json"))}


def connected(expected: dict[str, set[str]]) -> dict[str, set[str]]:
    """Return the workloads' proxies' versions, once they are the expected ones: proxies need a moment to connect."""
    return settled(lambda: proxies.versions(CONTROL, TRADING), expected)


def of(version: str, *workloads: str) -> dict[str, set[str]]:
    return {name: {version} for name in workloads}


def test_no_request_is_lost(upgrade, figure):
    figure("; ".join(f"{name}: {tally}" for name, tally in upgrade.tallies.items()))
    assert {name: tally.failed for name, tally in upgrade.tallies.items()} == {name: {} for name in WAYS}


def test_a_run_that_was_killed_goes_on_and_upgrades_every_release_in_place(upgrade):
    before, after = upgrade.releases
    assert (before, after) == (dict.fromkeys(RELEASES, upgrade.older), dict.fromkeys(RELEASES, ISTIO))
    assert upgrade.images == {f"docker.io/istio/pilot:{ISTIO}", f"docker.io/istio/proxyv2:{ISTIO}"}
    assert "pending-upgrade" in upgrade.output
    assert "replaced" not in upgrade.output


def test_gateways_and_sidecars_follow_and_a_workload_that_may_not_restart_is_named(upgrade, figure):
    before, after = upgrade.proxies
    assert before == of(upgrade.older, *GATEWAYS, *SIDECARS)
    assert after == of(ISTIO, *GATEWAYS, SHOP.name) | of(upgrade.older, INSIDER.name)
    assert f"{TRADING}/{INSIDER.name}" in upgrade.output
    figure(f"proxies of gateways and sidecars {ISTIO}; {upgrade.older} where the Deployment is paused")


def test_the_stack_file_has_the_new_version_and_every_other_line_as_it_was(upgrade):
    before, after = upgrade.stack_files
    assert after == before.replace(upgrade.older, ISTIO)


def test_nothing_is_left_to_change(upgrade, project):  # noqa: ARG001 - first the upgrade
    project.preview("--expect-no-changes").must()
