"""The findings about traffic settings that cancel each other."""

import pytest

from pi_mesh.checks.finding import Level
from pi_mesh.checks.traffic import run
from tests.support.factories import make_settings
from tests.support.snapshots import make_snapshot

BY_CALLER = {"p": {"action": "DENY", "rules": [{"namespaces": ["dev"]}]}}
DENY_ALL = {"defaultDeny": {"enabled": True}}


@pytest.mark.parametrize(
    "settings",
    [
        {"mtls": {"mode": "PERMISSIVE"}, "traffic": {"authorization": {"policies": BY_CALLER}}},
        {"traffic": {"legacy": {"old": {}}, "authorization": {"policies": BY_CALLER}}},
        {"traffic": {"legacy": {"old": {}}, "authorization": DENY_ALL}},
    ],
    ids=["a mesh that takes plain text", "a workload that takes plain text", "a legacy workload under default deny"],
)
def test_a_rule_by_caller_where_callers_may_have_no_identity_is_told(settings):
    found = run(make_settings(**settings), make_snapshot())
    assert [one for one in found if one.level in (Level.ERROR, Level.WARNING)] != []
