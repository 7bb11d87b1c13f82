"""The command `python -m policies.document`: write the sections of the rules into docs/review.md."""

import json
from collections.abc import Iterator
from pathlib import Path

from policies.rules import RULES, Rule

PAGE = Path(__file__).parents[1] / "docs" / "review.md"
MARK = "<!-- `python -m policies.document` writes the sections of the rules below -->\n"


def page() -> str:
    introduction = PAGE.read_text(encoding="utf-8").partition(MARK)[0]
    return "\n".join([f"{introduction}{MARK}", *("\n".join(_section(rule)) for rule in RULES)])


def _section(rule: Rule) -> Iterator[str]:
    yield f"## {rule.name}\n"
    yield f"{rule.says}. **{rule.level.value.capitalize()}**: {rule.why}. If it is broken: {rule.fix}.\n"
    for name, schema in rule.schema.items():
        yield f"- `{name}` (default `{json.dumps(schema['default'])}`): {schema['description']}"
    if rule.schema:
        yield ""


if __name__ == "__main__":
    PAGE.write_text(page())
