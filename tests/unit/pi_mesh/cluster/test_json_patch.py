"""JSON patches of webhooks."""

import pytest

from pi_mesh.cluster.json_patch import patched


@pytest.mark.parametrize(
    ("operation", "result"),
    [
        ({"op": "add", "path": "/list/0", "value": 0}, {"list": [0, 1, 2], "map": {"a/b": 1}}),
        ({"op": "add", "path": "/list/-", "value": 3}, {"list": [1, 2, 3], "map": {"a/b": 1}}),
        ({"op": "replace", "path": "/list/1", "value": 9}, {"list": [1, 9], "map": {"a/b": 1}}),
        ({"op": "remove", "path": "/list/0"}, {"list": [2], "map": {"a/b": 1}}),
        ({"op": "add", "path": "/map/c~0d", "value": 2}, {"list": [1, 2], "map": {"a/b": 1, "c~d": 2}}),
        ({"op": "remove", "path": "/map/a~1b"}, {"list": [1, 2], "map": {}}),
    ],
)
def test_an_operation_is_carried_out_on_a_copy(operation, result):
    document = {"list": [1, 2], "map": {"a/b": 1}}
    assert patched(document, [operation]) == result
    assert document == {"list": [1, 2], "map": {"a/b": 1}}


def test_an_operation_that_webhooks_do_not_send_is_named():
    with pytest.raises(ValueError, match="move"):
        patched({"a": 1}, [{"op": "move", "path": "/a", "from": "/b"}])
