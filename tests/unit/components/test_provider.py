"""The provider of the stack's cluster."""

import json
from importlib.metadata import version

import pulumi
import pytest

from components import provider as module
from components.provider import KubernetesProvider
from tests.support.findings import case, table
from tests.support.recorder import record

INPUTS = {"context": "pi", "clusterIdentifier": "pi", "enableSecretMutable": "true", "enableConfigMapMutable": "true"}
PI = json.dumps({"context": "pi"})


@pytest.mark.parametrize(("package", "told"), [("4.28.9", None), ("4.29.0", "true"), ("5.0.0", "true")])
def test_from_4_29_on_it_is_told_to_create_over_existing_objects_as_adopt_true_needs(package, told, monkeypatch):
    monkeypatch.setattr(module, "version", lambda _: package)
    provider = record(lambda: KubernetesProvider("cluster", "default") and None).one("cluster")
    assert provider.props.get("upsertExistingObjects") == told


def test_with_the_pinned_version_a_running_stacks_provider_stays_as_it_is():
    provider = record(lambda: KubernetesProvider("cluster", "default") and None).one("cluster")
    assert set(provider.props) == {"context", "clusterIdentifier", "enableSecretMutable", "enableConfigMapMutable"}
    # Another identifier would replace a running mesh: clusters are told apart by their UID (`cluster.identity`).
    assert provider.props["clusterIdentifier"] == "default"


def recorded(**changes: str) -> dict[str, dict]:
    """Return the state of a stack with both providers, that of the cluster with these changes."""
    outputs = {**INPUTS, "version": version("pulumi-kubernetes"), **changes}
    guard = {"type": "pulumi:providers:pi-mesh", "outputs": {}}
    return {"urn:cluster": {"type": "pulumi:providers:kubernetes", "outputs": outputs}, "urn:guard": guard}


@table(
    case("preview", True, {}, PI, True),
    case("first up", False, {}, PI, False),
    case("later up", False, recorded(), PI, True),
    case("other context", False, recorded(context="another"), PI, False),
    case("other package", False, recorded(version="4.24.0"), PI, False),
    case("stack without the guard", False, {"urn:cluster": recorded()["urn:cluster"]}, PI, False),
    case("stack of a CA", True, {}, None, False),
    case("no JSON", True, {}, "no JSON", False),
    case("no object", True, {}, '["no object"]', False),
    case("no text", True, {}, '{"context": 1}', False),
)
def test_they_start_before_the_checks_only_where_that_changes_no_state(preview, state, cluster, begun):
    def program() -> None:
        pulumi.runtime.set_all_config({"pi-mesh:cluster": cluster} if cluster else {})
        module.begin()

    recording = record(program, preview=preview, state=state)
    assert [one.props["context"] for one in recording.of_type("pulumi:providers:kubernetes")] == ["pi"] * begun
