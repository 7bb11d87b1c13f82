"""The policy for Vault that the documentation gives out allows what the program does, and nothing else."""

import re
from pathlib import Path

from tests.support import awaited

POLICY = (Path(__file__).parents[2] / "docs/vault/policy.hcl").read_text()


def rule(path: str) -> str:
    """Return the block of a path."""
    (block,) = re.findall(rf'^path "{re.escape(path)}" {{\n(.*?)^}}', POLICY, re.DOTALL | re.MULTILINE)
    return block


def test_the_policy_lets_the_program_have_its_ca_signed():
    assert 'capabilities = ["create", "update"]' in rule("pki/root/sign-intermediate")


@awaited.vault("M6 the token can have any request signed as a CA of unlimited path length, any name and any life")
def test_the_policy_allows_no_ca_that_could_sign_further_ones():
    signing = rule("pki/root/sign-intermediate")
    assert re.search(r'"max_path_length"\s*=\s*\["?0"?\]', signing)
    for parameter in ("common_name", "ttl", "max_path_length"):
        assert parameter in signing.partition("required_parameters")[2]
