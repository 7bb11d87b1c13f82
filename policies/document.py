"""Writes docs/policies.md from the rules themselves: `python -m policies.document`."""

import json
from collections.abc import Iterator
from pathlib import Path

from policies.rules import RULES, Rule, StackRule

PAGE = Path(__file__).parents[1] / "docs" / "policies.md"
INTRODUCTION = """\
# Policies

Every preview of a pull request and every `make up` keeps these rules. So does your own cluster, with
`--policy-pack policies --policy-pack-config policies/config/pi-cluster.json` at `pulumi preview` and `pulumi up`.

A breach of a mandatory rule refuses the update in its preview, before any resource changes (with `--skip-preview` only
at the resource that breaks it); an advisory one is told. A rule's entry in the config file sets its bounds and level:
"mandatory", "advisory" or "disabled".

```json
{"pi-ceiling": {"enforcementLevel": "advisory", "memory": "1Gi"}}
```

This page is made by `python -m policies.document`.
"""


def page() -> str:
    """The whole page."""
    return "\n".join([INTRODUCTION, *("\n".join(_section(rule)) for rule in RULES)])


def _section(rule: Rule | StackRule) -> Iterator[str]:
    yield f"## {rule.name}\n"
    yield f"{rule.says}. **{rule.level.value.capitalize()}**: {rule.why}. If it is broken: {rule.fix}.\n"
    for name, schema in rule.schema.items():
        yield f"- `{name}` (default `{json.dumps(schema['default'])}`): {schema['description']}"
    if rule.schema:
        yield ""


if __name__ == "__main__":
    PAGE.write_text(page())
