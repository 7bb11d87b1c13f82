"""Each YAML example of the Ansible role has a typed twin that renders the same object, word for word."""

from pathlib import Path

import pytest
import yaml

from pi_mesh.values.traffic import objects
from tests.support.factories import make_settings

EXAMPLES = Path(__file__).parents[5] / "tests/support/ansible_role_examples"

TWINS = {
    "trading-gateway": {"gateways": {"trading-gateway": {}}},
    "trading-app": {
        "routes": {
            "trading-app": {
                "hosts": ["*"],
                "gateways": ["trading-gateway"],
                "http": [{"to": [{"service": "trading-app-service", "port": 80}]}],
            }
        }
    },
    "trading-agent-policy": {
        "authorization": {
            "policies": {
                "trading-agent-policy": {
                    "selector": {"app": "trading-agent"},
                    "rules": [
                        {"namespaces": ["argocd"]},
                        {"principals": ["cluster.local/ns/istio-system/sa/prometheus"], "ports": [8888]},
                    ],
                }
            }
        }
    },
    "legacy-service-permissive": {"legacy": {"legacy-service-permissive": {}}},
    "circuit-breaker": {
        "destinations": {"circuit-breaker": {"service": "trading-agent-service", "circuitBreaker": {}}}
    },
    "trading-canary": {
        "canaries": {"trading-canary": {"service": "trading-agent-service", "paths": {"/api/v2": "v2"}}}
    },
}


@pytest.mark.parametrize("name", TWINS)
def test_the_twin_renders_the_roles_example(name: str):
    expected = yaml.safe_load((EXAMPLES / f"{name}.yaml").read_text())

    assert list(objects(make_settings(traffic=TWINS[name]))) == [expected]


def test_every_example_has_a_twin():
    assert {path.stem for path in EXAMPLES.iterdir()} == set(TWINS)


def test_nothing_is_made_unless_asked_for():
    assert list(objects(make_settings())) == []
