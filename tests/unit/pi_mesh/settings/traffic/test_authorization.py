"""Rules that could match nothing are refused."""

import pytest

from pi_mesh.settings import SettingsError
from tests.support import awaited
from tests.support.factories import make_settings


@awaited.safe("M1 `*` inside or at both ends: a DENY that never denies")
@pytest.mark.parametrize(
    "rule",
    [{"paths": ["*/admin*"]}, {"paths": ["/api/*/secret"]}, {"principals": ["*/ns/dev/*"]}],
    ids=["both ends of a path", "inside a path", "both ends of a principal"],
)
def test_a_wildcard_that_istio_would_take_literally_is_refused(rule):
    with pytest.raises(SettingsError):
        make_settings(traffic={"authorization": {"policies": {"p": {"action": "DENY", "rules": [rule]}}}})
