"""The state that a stack would have if one side were deployed: the engine compares the other side with it."""

from typing import Any

from pulumi.automation.events import EngineEvent, StepEventStateMetadata

from pi_mesh.text_parts import before_last

RELEASE = "kubernetes:helm.sh/v3:Release"
PROVIDER = "pulumi:providers:"
NO_TIME = "2026-01-01T00:00:00Z"

UNKNOWN_ID = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""Stand-in for an ID that a preview does not know, which no state may have (UnknownStringValue in
sdk/go/common/resource/plugin/rpc.go of Pulumi's engine)."""

Deployment = dict[str, Any]
"""The input of `pulumi stack import`."""


def of(events: list[EngineEvent]) -> Deployment:
    """Return the state in which every resource of a preview on an empty state exists with its inputs."""
    steps = [event.resource_pre_event.metadata for event in events if event.resource_pre_event]
    wanted = [step.new for step in steps if step.new]
    references = (resource.provider.rsplit("::", 1) for resource in wanted if resource.provider)
    ids = {urn: _name(urn) if known == UNKNOWN_ID else known for urn, known in references}
    manifest = {"time": NO_TIME, "magic": "", "version": ""}
    return {"manifest": manifest, "resources": [_resource(resource, ids) for resource in wanted]}


def _resource(resource: StepEventStateMetadata, ids: dict[str, str]) -> dict[str, Any]:
    entry: dict[str, Any] = {"urn": resource.urn, "type": resource.type, "custom": bool(resource.custom)}
    entry |= {"parent": resource.parent} if resource.parent else {}
    if not resource.custom:
        return entry
    inputs = dict(resource.inputs or {})
    return {
        **entry,
        "id": ids.get(resource.urn, _name(resource.urn)),
        "inputs": inputs,
        "outputs": _outputs(resource.type, inputs),
        "protect": bool(resource.protect),
        "retainOnDelete": bool(resource.retain_on_delete),
        **({"provider": f"{urn}::{ids[urn]}"} if (urn := before_last(resource.provider or "", "::")) else {}),
    }


def _name(urn: str) -> str:
    return urn.rpartition("::")[2]


def _outputs(type_: str, inputs: dict[str, Any]) -> dict[str, Any]:
    """Return the outputs that the provider would have stored.

    The Kubernetes provider compares an object's new inputs with `__inputs` of its outputs, and a release's with the
    inputs of the state (parseCheckpointObject and helmReleaseProvider.Diff, pulumi-kubernetes 4.25.0).
    """
    is_object = type_.startswith("kubernetes:") and type_ != RELEASE
    return {**inputs, "__inputs": inputs} if is_object else inputs
