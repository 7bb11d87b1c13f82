"""An audit names the callers that STRICT and a default deny would refuse, before either is turned on."""

import json
from collections.abc import Iterator

import pytest

from lab.calls import REFUSED, settled, status
from tests.live.traffic import cast
from tests.support.project import Project

pytestmark = pytest.mark.usefixtures("workloads")

DENY = "traffic.authorization.defaultDeny"
MESHED, BARE = "service account argocd/", "pod outside/outsider"
CALLERS = (cast.CLIENT, cast.DEPLOYER, cast.OUTSIDER)


@pytest.fixture(scope="module")
def audited(mesh: Project) -> Iterator[Project]:
    """Yield the mesh in an audit; the last test leaves it, and afterwards the shipped mesh is back."""
    mesh.set("mtls", {"mode": "PERMISSIVE", "audit": True})
    mesh.set(DENY, {"audit": True})
    mesh.must_up()
    yield mesh
    mesh.must_hold_the_shipped_mesh()


def named(project: Project) -> dict[str, str]:
    """Return the rows of `verify` about calls to the application, by the caller and who would refuse it."""
    found = json.loads(project.operation("verify", "--all", "--json").must().output)["findings"]
    messages = (one["message"] for one in found if one["id"] == "audit" and one["name"] == "trading/trading-app")
    return {message.partition(" by ")[2]: message for message in messages}


def test_an_audit_refuses_nobody_and_verify_names_whom_the_changes_would_refuse(audited, figure):
    def answers() -> list[int]:
        return [status(one, cast.APPLICATION_URL) for one in CALLERS]

    assert settled(answers, [200, 200, 200]) == [200, 200, 200]
    answers()
    found = named(audited)
    by_deny = [caller for caller in found if caller.endswith("which the default deny would refuse")]
    assert any(caller.startswith(MESHED) for caller in by_deny)
    assert any(caller.startswith(BARE) and caller.endswith("which STRICT would refuse") for caller in found)
    assert not any("trading/" in caller for caller in found)
    figure("; ".join(found.values()))


def test_strict_and_the_default_deny_are_refused_while_the_audit_names_callers(audited, figure):
    audited.set("mtls", {"mode": "STRICT"})
    audited.set(DENY, {"enabled": True})
    refused = audited.preview()
    assert refused.status != 0
    strict, deny = (refused.line_with(f"{key}: refuses callers") for key in ("mtls.mode", f"{DENY}.enabled"))
    assert BARE in strict
    assert MESHED in deny
    figure(f"{strict.strip()}; {deny.strip()}")


def test_a_setting_lets_strict_and_the_default_deny_through(audited, figure):
    audited.set("mtls", {"mode": "STRICT", "allowCutOff": True})
    audited.set(DENY, {"enabled": True, "allowCutOff": True})
    audited.must_up()
    refused = settled(lambda: [status(one, cast.APPLICATION_URL) for one in CALLERS], [200, 403, REFUSED])
    assert refused == [200, 403, REFUSED]
    figure("trading 200, argocd 403, no answer for the caller without a sidecar")
