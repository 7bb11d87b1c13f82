import io
import sys

from pulumi_policy import PolicyPack
from rules import RULES

# The engine waits for the port, which the package writes without a flush (pulumi_policy 1.21.0, policy.py).
sys.stdout = io.TextIOWrapper(open(1, "wb", 0), write_through=True)  # noqa: SIM115 - as `python -u` has it
PolicyPack("pi-mesh", [rule.policy() for rule in RULES])
