"""The repaired state of a stack."""

from operations.repair.state import INTERRUPTED, content, pending, repaired, unaware

ISTIOD = "istio-system/istiod"


def release(name: str = "istiod", **more: object) -> dict:
    """Return a release of a pending operation, which has no id yet."""
    return {
        "urn": f"urn:pulumi:test::pi-mesh::kubernetes:helm.sh/v3:Release::{name}-release",
        "type": "kubernetes:helm.sh/v3:Release",
        "inputs": {"namespace": "istio-system", "name": name},
        **more,
    }


def state(*resources: dict, **operations: dict) -> dict:
    """Return a state; `creating=...` and the like are its pending operations."""
    under_way = [{"type": kind, "resource": resource} for kind, resource in operations.items()]
    return {"version": 3, "deployment": {"resources": list(resources), "pending_operations": under_way}}


def resources(of: dict) -> list[dict]:
    return of["deployment"]["resources"]


def test_operations_under_way_are_named():
    assert pending(state(creating=release())) == ["creating istiod-release"]


def test_a_state_with_none_names_none():
    assert pending({"version": 3, "deployment": {}}) == []


def test_no_operation_is_under_way_afterwards():
    assert pending(repaired(state(updating=release()), [], [])) == []


def test_a_release_that_was_finished_after_the_kill_is_taken_in_and_gone_over_again():
    (adopted,) = resources(repaired(state(creating=release()), [ISTIOD], []))
    assert adopted["id"] == ISTIOD
    assert adopted["initErrors"] == [INTERRUPTED]


def test_an_interrupted_update_takes_nothing_in():
    assert resources(repaired(state(updating=release()), [ISTIOD], [])) == []


def test_a_release_that_never_came_to_be_is_not_taken_in():
    assert resources(repaired(state(creating=release()), [], [])) == []


def test_a_release_that_the_state_knows_is_not_taken_in_twice():
    known = release(id=ISTIOD)
    assert resources(repaired(state(known, creating=release()), [ISTIOD], [])) == [known]


def test_a_failed_release_is_marked_so_that_up_goes_over_it():
    (marked,) = resources(repaired(state(release(id=ISTIOD)), [], [ISTIOD]))
    assert marked["initErrors"] == [INTERRUPTED]


def test_other_resources_stay_as_they_are():
    namespace = {"urn": "urn:pulumi:test::pi-mesh::kubernetes:core/v1:Namespace::trading", "type": "x", "id": ISTIOD}
    assert resources(repaired(state(namespace, creating=release()), [], [ISTIOD])) == [namespace]


def test_a_failure_that_a_refresh_made_the_state_forget_is_found():
    assert unaware(state(release(id=ISTIOD)), [ISTIOD]) == [ISTIOD]


def test_a_failure_that_the_state_remembers_needs_nothing():
    assert unaware(state(release(id=ISTIOD, initErrors=["timed out"])), [ISTIOD]) == []


def test_a_stack_that_never_ran_has_no_deployment_and_nothing_under_way():
    assert content({"version": 3, "deployment": None}) == ([], [])
