"""The settings of many routes and policies."""

import json
from collections import Counter

import pytest
import yaml

from lab.bench.growth import bare_program, many_routes
from lab.bench.other_settings import AMPLE, SHIPPED, changed
from pi_mesh import inventory
from pi_mesh.checks import traffic
from pi_mesh.checks.finding import Level
from pi_mesh.settings.stack_file import load_file, stack_config
from tests.support.snapshots import make_snapshot

MOST, LONGEST = 1000, 128 * 1024
"""Routes of the largest size; bytes of an environment variable (MAX_ARG_STRLEN of Linux)."""


@pytest.fixture
def grown(tmp_path):
    """Return a function that writes the stack file with so many routes, and returns it."""

    def write(count: int):
        file = tmp_path / SHIPPED.name
        file.write_text(changed(SHIPPED.read_text(), many_routes.changes(count)))
        return file

    return write


def test_n_routes_are_n_virtual_services_and_n_policies_and_nothing_else(grown):
    without, with_routes = (
        Counter(item.kind for item in inventory.mesh_inventory(load_file(grown(count))).objects) for count in (0, 7)
    )
    assert with_routes - without == {"VirtualService": 7, "AuthorizationPolicy": 7}


def test_no_check_finds_fault_with_the_routes(grown):
    findings = traffic.run(load_file(grown(20)), make_snapshot())
    assert {finding.level for finding in findings} == {Level.OK}


def test_the_stack_file_is_the_labs_own_but_for_the_routes_and_istiods_memory(grown):
    own, other = (yaml.safe_load(file.read_text()) for file in (SHIPPED, grown(3)))
    del other["config"]["pi-mesh:traffic"]
    assert other["config"]["pi-mesh:istio"].pop("resources")["limits"]["memory"] == AMPLE
    assert other == own


def test_the_largest_size_fits_into_the_variable_by_which_pulumi_hands_over_settings(grown):
    values = {name: json.dumps(value, separators=(",", ":")) for name, value in stack_config(grown(MOST)).items()}
    assert len("PULUMI_CONFIG=" + json.dumps(values, separators=(",", ":"))) < LONGEST


def test_the_floor_has_the_same_objects_without_effect_in_a_namespace_of_its_own(grown):
    objects = bare_program.same_objects(load_file(grown(2)))
    assert [(one["kind"], one["metadata"]["name"]) for one in objects] == [
        *(("VirtualService", f"r{number}") for number in range(2)),
        *(("AuthorizationPolicy", f"p{number}") for number in range(2)),
    ]
    assert {one["metadata"]["namespace"] for one in objects} == {bare_program.NAMESPACE}
    assert objects[0]["spec"]["exportTo"] == ["."]
    assert objects[-1]["spec"]["selector"] == {"matchLabels": {"app": "nobody"}}
