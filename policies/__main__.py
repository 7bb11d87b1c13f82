from pulumi_policy import PolicyPack
from rules import RULES

PolicyPack("pi-mesh", [rule.policy() for rule in RULES])
