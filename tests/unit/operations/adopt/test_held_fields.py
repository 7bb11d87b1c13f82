"""Fields that another field manager holds."""

import pytest

from operations.adopt.held_fields import holders
from tests.support.helm_mesh import PEER, existing

MODE = "spec.mtls.mode"


def held_by(manager: str, **more: str) -> list[tuple[str, str]]:
    fields = {"f:spec": {"f:mtls": {"f:mode": {}}}}
    entry = {"manager": manager, "operation": "Update", "fieldsV1": fields, **more}
    (found,) = existing(peer={**PEER, "metadata": {**PEER["metadata"], "managedFields": [entry]}}).objects
    return list(holders(found, [MODE, "spec.selector"]))


def test_a_field_of_ansibles_module_is_named_with_its_holder():
    assert held_by("OpenAPI-Generator") == [(MODE, "OpenAPI-Generator")]


@pytest.mark.parametrize("manager", ["kubectl-client-side-apply", "kubectl", "before-first-apply", "pulumi-kubernetes"])
def test_what_the_provider_takes_over_by_itself_is_held_by_nobody(manager):
    assert held_by(manager) == []


def test_the_status_is_nobodys_business():
    assert held_by("istiod", subresource="status") == []
