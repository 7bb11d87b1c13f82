"""The example programs, in this process: a mesh in a program of one's own, and an application in another stack."""

import runpy

from pulumi.runtime import set_all_config

from tests.support.factories import pulumi_config
from tests.support.recorder import record
from tests.support.shape import ROOT
from tests.support.vault_program import STACK

OUTPUTS = {
    "tradingNamespace": "desk",
    "trustDomain": "cluster.local",
    "cluster": {"context": "pi"},
    "gateways": {"istio-ingressgateway": {"addresses": ["192.0.2.1"], "ports": {"http2": 30080}}},
}


def example(name: str) -> None:
    runpy.run_path(str(ROOT / "examples" / name / "__main__.py"))


def test_the_own_program_has_the_mesh_and_a_resource_that_waits_for_it():
    def program() -> None:
        set_all_config(pulumi_config())
        example("own_program")

    recording = record(program, preview=True)
    assert "istiod-release" in recording.one("prices").dependencies
    assert recording.exports["mesh"]["tradingNamespace"] == "trading"


def test_the_application_takes_where_it_runs_and_how_it_is_reached_from_the_meshs_stack():
    def program() -> None:
        set_all_config({"pi-mesh:mesh": "organization/pi-mesh/pi", "pi-mesh:image": "app:1"})
        example("application")

    recording = record(program, outputs={STACK: {"outputs": OUTPUTS}})
    assert recording.one("trading-app", "kubernetes:apps/v1:Deployment").props["metadata"]["namespace"] == "desk"
    assert recording.exports["url"] == "http://192.0.2.1:30080"
    assert recording.exports["identity"] == "spiffe://cluster.local/ns/desk/sa/default"
