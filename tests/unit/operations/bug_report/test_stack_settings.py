"""The settings in a report."""

from operations.bug_report import stack_settings
from operations.bug_report.redaction import REMOVED


def test_settings_are_shown_and_encrypted_ones_are_not():
    config = {
        "pi-mesh:istio": {"value": '{"version": "1.31.0"}', "objectValue": {"version": "1.31.0"}},
        "pi-mesh:mtls": {"value": '{"mode": "STRICT"}'},
        "pi-mesh:vaultToken": {"secret": True},
    }
    assert stack_settings.shown(config) == {
        "pi-mesh:istio": {"version": "1.31.0"},
        "pi-mesh:mtls": {"mode": "STRICT"},
        "pi-mesh:vaultToken": REMOVED,
    }


def test_extra_helm_values_keep_their_keys_and_switches_alone():
    values = {"pilot": {"env": {"X": "made-up"}, "tracing": True, "args": ["made-up", 3]}}
    shown = stack_settings.shown({"pi-mesh:istio": {"objectValue": {"version": "1.31.0", "values": values}}})
    assert shown["pi-mesh:istio"] == {
        "version": "1.31.0",
        "values": {"pilot": {"env": {"X": REMOVED}, "tracing": True, "args": [REMOVED, 3]}},
    }
