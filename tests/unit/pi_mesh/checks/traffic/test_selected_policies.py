"""The policies that apply to a service's pods."""

import pytest

from pi_mesh.checks.traffic.selected_policies import SelectedPolicies
from pi_mesh.settings.traffic.authorization import AccessPolicy, AccessRule

RULES = (AccessRule(namespaces=("argocd",)),)
SELECTORS = {
    "of-both": {"app": "shop", "tier": "web"},
    "of-all": None,
    "of-the-shop": {"app": "shop"},
    "of-the-web": {"tier": "web"},
}


@pytest.fixture
def policies() -> SelectedPolicies:
    made = {name: AccessPolicy(selector=selector, rules=RULES) for name, selector in SELECTORS.items()}
    return SelectedPolicies(made)


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        ({}, ["of-all"]),
        ({"app": "shop"}, ["of-all", "of-the-shop"]),
        ({"app": "mail", "tier": "web"}, ["of-all", "of-the-web"]),
        ({"tier": "web", "app": "shop", "version": "2"}, ["of-both", "of-all", "of-the-shop", "of-the-web"]),
    ],
)
def test_a_policy_applies_to_pods_with_all_its_labels_and_keeps_its_place(policies, labels, names):
    assert list(policies.about(labels)) == names


def test_policies_of_the_whole_namespace_need_no_labels():
    assert not SelectedPolicies({"of-all": AccessPolicy(rules=RULES)}).any_selector


def test_policies_of_some_pods_need_their_labels(policies):
    assert policies.any_selector
