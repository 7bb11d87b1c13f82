"""The objects of every mesh."""

import pytest

from pi_mesh.names import OWNER_ANNOTATION
from pi_mesh.values import objects
from tests.support.factories import make_settings

ADOPTED = {"adopt": True}


@pytest.mark.parametrize("manifest", [objects.istio_namespace, objects.trading_namespace])
def test_an_adopted_namespace_gets_no_mark_of_ownership(manifest):
    settings = make_settings(istio=ADOPTED, trading=ADOPTED)
    metadata = manifest(settings, "me/pi-mesh/pi-cluster")["metadata"]
    assert OWNER_ANNOTATION not in metadata.get("annotations", {})
