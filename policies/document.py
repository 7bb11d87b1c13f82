"""The command `python -m policies.document`: write docs/policies.md from the rules."""

import json
from collections.abc import Iterator
from pathlib import Path

from policies.rules import RULES, Rule

PAGE = Path(__file__).parents[1] / "docs" / "policies.md"
INTRODUCTION = """\
# Policies

Every preview of a pull request and every `make up` keeps these rules. `pulumi preview` and `pulumi up` of your own
cluster keep them if they get the pack and the bounds of the stack:

```sh
pulumi preview -s pi-cluster --policy-pack policies --policy-pack-config policies/config/pi-cluster.json
pulumi up -s pi-cluster --policy-pack policies --policy-pack-config policies/config/pi-cluster.json
```

The pack needs only the packages of `requirements.txt`: it runs in the program's `.venv`, and imports nothing of the
program. The config file has the bounds of each kind of cluster. Repeat one setting of the stack there:
if `trading.namespace` is not `trading`, list its name in `namespaces` of `sidecar-injection`.

A breach of a mandatory rule refuses the update in its preview, before any resource changes. With `--skip-preview` it is
refused at the resource that breaks the rule, and a rule about the whole stack (`mesh-wide-strict`, `sidecar-injection`)
only reports at the end. A breach of an advisory rule is shown, and refuses nothing. A rule's entry in the config file
sets its bounds and its level: "mandatory", "advisory" or "disabled".

```json
{"pi-ceiling": {"enforcementLevel": "advisory", "memory": "1Gi"}}
```

This page is written by `python -m policies.document`.

## What no rule sees

- Objects in the cluster that are not in the stack: those of `kubectl`, of other stacks and of controllers.
- The content of a chart's package. The rules judge its source, its version and its values. Helm also takes a folder of
  the working directory that is named like the chart before it asks the repository.
- Values that only the update knows, such as the address of a resource that does not exist yet: a preview says that the
  rule could not be judged, and the update judges it before the resource is created.
- An EnvoyFilter, which can undo all of Istio's other objects, and `meshConfig.discoverySelectors`, with which istiod
  ignores policies.
- An injection template that hides `image:` or `containers:` by YAML's escapes.

Properties that would hide values from the rules (`valueYamlFiles`, `postrender`) are a breach themselves, and so is a
value of a type that nothing can be read from.
"""


def page() -> str:
    return "\n".join([INTRODUCTION, *("\n".join(_section(rule)) for rule in RULES)])


def _section(rule: Rule) -> Iterator[str]:
    yield f"## {rule.name}\n"
    yield f"{rule.says}. **{rule.level.value.capitalize()}**: {rule.why}. If it is broken: {rule.fix}.\n"
    for name, schema in rule.schema.items():
        yield f"- `{name}` (default `{json.dumps(schema['default'])}`): {schema['description']}"
    if rule.schema:
        yield ""


if __name__ == "__main__":
    PAGE.write_text(page())
