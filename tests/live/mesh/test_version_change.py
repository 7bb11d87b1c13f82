"""A new version of Istio, from one real control plane to the next, while requests run.

By `operations upgrade`, which is killed once.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from lab.calls import settled
from lab.cluster.kubectl import kubectl, staying_pods
from lab.workloads import CONTROL, TRADING
from tests.live.traffic.load import Tally, must_lose_nothing, streams
from tests.live.traffic.shop import INSIDER, SHOP, STOP_SECONDS, WAYS, open_shop
from tests.live.versions import LAB, LAB_BEFORE, LAB_OLDEST, install_older, minor
from tests.support import proxies
from tests.support.helm import listed, wait_for_release
from tests.support.project import STACK_FILE, Project, kill_session

RELEASES = {"istio-base", "istiod", "istio-ingressgateway", "istio-egressgateway"}
GATEWAYS = ("istio-ingressgateway", "istio-egressgateway")
SIDECARS = (SHOP.name, INSIDER.name)
OLDER = [
    pytest.param(LAB_BEFORE, id=f"from {minor(LAB_BEFORE)}"),
    pytest.param(LAB_OLDEST, id=f"from {minor(LAB_OLDEST)}", marks=pytest.mark.long),
]
"""The lab has no control plane between these two: from the oldest the first step skips minor versions."""
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
    older_istio(LAB_BEFORE)
    install_older(project, older)
    project.must_be_quiet()
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
    before = listed("app_version"), connected(of(older, *GATEWAYS, *SIDECARS))
    command = ("upgrade", "--to", LAB, "--yes")
    with streams(**WAYS) as tallies:
        run = project.start_operation(*command)
        wait_for_release("istiod", "pending-upgrade")
        kill_session(run)
        output = project.operation(*command).must().output
        time.sleep(STOP_SECONDS)
    after = connected(of(LAB, *GATEWAYS, SHOP.name) | of(older, INSIDER.name))
    images = {one["image"] for pod in staying_pods(CONTROL) for one in pod["spec"]["containers"]}
    files = written, file.read_text()
    return Upgrade(older, (before[0], listed("app_version")), files, output, images, (before[1], after), tallies)


def connected(expected: dict[str, set[str]]) -> dict[str, set[str]]:
    """Return the workloads' proxies' versions, once they are the expected ones: proxies need a moment to connect."""
    return settled(lambda: proxies.versions(CONTROL, TRADING), expected)


def of(version: str, *workloads: str) -> dict[str, set[str]]:
    return {name: {version} for name in workloads}


def test_no_request_is_lost(upgrade, figure):
    figure(must_lose_nothing(upgrade.tallies))


def test_a_run_that_was_killed_goes_on_and_upgrades_every_release_in_place(upgrade):
    before, after = upgrade.releases
    assert (before, after) == (dict.fromkeys(RELEASES, upgrade.older), dict.fromkeys(RELEASES, LAB))
    assert upgrade.images == {f"docker.io/istio/pilot:{LAB}", f"docker.io/istio/proxyv2:{LAB}"}
    assert "pending-upgrade" in upgrade.output
    assert "replaced" not in upgrade.output


def test_gateways_and_sidecars_follow_and_a_workload_that_may_not_restart_is_named(upgrade, figure):
    before, after = upgrade.proxies
    assert before == of(upgrade.older, *GATEWAYS, *SIDECARS)
    assert after == of(LAB, *GATEWAYS, SHOP.name) | of(upgrade.older, INSIDER.name)
    assert f"{TRADING}/{INSIDER.name}" in upgrade.output
    figure(f"proxies of gateways and sidecars {LAB}; {upgrade.older} where the Deployment is paused")


def test_the_stack_file_has_the_new_version_and_every_other_line_as_it_was(upgrade):
    before, after = upgrade.stack_files
    assert after == before.replace(upgrade.older, LAB)


def test_nothing_is_left_to_change(upgrade, project):  # noqa: ARG001 - first the upgrade
    project.must_be_quiet()
