"""Conflicts that a left-out setting explains, and those that stand by themselves."""

import pytest

from pi_mesh.settings import Settings, consequence

SCHEMA = Settings.model_json_schema()
INGRESS, PORTS = ("ingress",), ("ingress", "service", "nodePorts")


@pytest.mark.parametrize(
    ("line", "place", "left_out", "hidden"),
    [
        # An invalid value is left out at its own place.
        ("replicas must be 2", INGRESS, {("ingress", "replicas"): ("ingress", "replicas")}, True),
        # A mistyped key counts in its own branch,
        ("replicas must be 2", INGRESS, {("ingress", "replica"): ("ingress", "replicas")}, True),
        # and not in the branch above it, though it is named there.
        (
            "resources.limits is missing",
            INGRESS,
            {("ingress", "resources", "limit"): ("ingress", "resources", "limits")},
            False,
        ),
        # An invalid value inside of the branch counts as deep as it is.
        (
            "resources.limits is missing",
            INGRESS,
            {("ingress", "resources", "limits"): ("ingress", "resources", "limits")},
            True,
        ),
        # What means nothing hides nothing.
        ("replicas must be 2", INGRESS, {("ingress", "xyz"): None}, False),
        # Another branch's setting of the same name is not meant.
        ("replicas must be 2", INGRESS, {("egress", "replicas"): ("egress", "replicas")}, False),
        # Another name is not meant.
        ("enabled must be true", INGRESS, {("ingress", "replicas"): ("ingress", "replicas")}, False),
        # In the whole tree a word is no key: only a path is.
        ("ingress is on", (), {("ingress",): ("ingress",)}, False),
        ("ingress.replicas is 2", (), {("ingress",): ("ingress",)}, True),
        ("ingress.replicas is 2", (), {("ingress", "replicas"): ("ingress", "replicas")}, True),
        ("ingress.replicas is 2", (), {("ingress", "enabled"): ("ingress", "enabled")}, False),
        ("ingress.service is odd", (), {("ingress", "service", "type"): ("ingress", "service", "type")}, False),
        # A map is named for its entries.
        ("traffic.routes is odd", (), {("traffic", "routes", "r"): ("traffic", "routes", "r")}, False),
        ("routes is odd", ("traffic",), {("traffic", "routes", "r"): ("traffic", "routes", "r")}, True),
        ("replicas must be 2", INGRESS, {}, False),
        # A branch that was left out has no conflicts of its own.
        ("replicas must be 2", INGRESS, {("ingress",): ("ingress",)}, False),
    ],
)
def test_a_conflict_is_explained_by_a_left_out_setting_that_it_names(line, place, left_out, hidden):
    assert consequence.is_one(line, place, left_out, SCHEMA) is hidden


def test_a_key_of_the_conflicts_own_path_is_no_name_in_it():
    left_out = {("ingress",): ("ingress",)}
    assert not consequence.is_one("ingress.service: a port is taken", ("ingress", "service"), left_out, SCHEMA)


@pytest.mark.parametrize(
    ("place", "meant"),
    [
        (("ingress", "replica"), ("ingress", "replicas")),
        (("ingress", "service", "typ"), ("ingress", "service", "type")),
        # Only conflicts of its own branch can depend on it, and the whole tree is none.
        (("ingres",), None),
        (("ingress", "qqqqq"), None),
    ],
)
def test_a_mistyped_key_means_the_closest_setting_of_its_branch(place, meant):
    assert consequence.meant(place, SCHEMA) == meant
