"""How the program knows what its own state held before the run."""

import pulumi
import pytest

from components import state
from tests.support.recorder import record

STACK = {"type": "pulumi:pulumi:Stack", "outputs": {"cluster": {"uid": "c"}}}


def test_the_engine_tells_it():
    seen = []
    record(lambda: seen.append(state.read()), state={"urn:pulumi:test::pi-mesh::pulumi:pulumi:Stack::x": STACK})
    assert seen[0].cluster_uid == "c"


@pytest.mark.parametrize(("organization", "name"), [("organization", "pi"), ("acme", "acme/pi-mesh/pi")])
def test_only_pulumi_cloud_is_asked_by_the_full_name(monkeypatch, organization, name):
    asked = []
    monkeypatch.setattr(pulumi, "get_organization", lambda: organization)
    monkeypatch.setattr(pulumi, "get_project", lambda: "pi-mesh")
    monkeypatch.setattr(pulumi, "get_stack", lambda: "pi")

    def invoke(_token: str, arguments: dict) -> None:
        asked.append(arguments["stackName"])
        raise RuntimeError("no answer")

    monkeypatch.setattr(pulumi.runtime, "invoke", invoke)
    with pytest.raises(pulumi.RunError, match=r"can't be read: no answer; nothing was touched"):
        state.read()
    assert asked == [name]
