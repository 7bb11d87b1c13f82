"""The mutants of a sample: one change of one operator, number or keyword in a room's source, chosen by a seed."""

import ast
import random
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import unified_diff
from functools import cache, cached_property
from itertools import cycle, islice
from pathlib import Path

from cosmic_ray import plugins
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code

ROOT = Path(__file__).parents[2]
ROOMS = {
    "settings": ("pi_mesh/settings",),
    "values": ("pi_mesh/values",),
    "inventory and budget": ("pi_mesh/inventory", "pi_mesh/budget"),
    "certificates": ("pi_mesh/certificates",),
    "checks": ("pi_mesh/checks",),
    "policies": ("policies",),
    "operations": ("operations",),
}
PLAUSIBLE = re.compile(
    r"core/(?!ReplaceBinaryOperator|ReplaceUnaryOperator|ReplaceComparisonOperator|NoOp)"
    r"|_(Add_Sub|Sub_Add|Mul_FloorDiv|Div_Mul|FloorDiv_Mul|Mod_FloorDiv|Pow_Mul|BitOr_BitAnd|BitAnd_BitOr)$"
    r"|_(Delete_Not|Delete_USub|USub_UAdd)$"
    r"|_(Is_IsNot|IsNot_Is|Eq_NotEq|NotEq_Eq|Lt_LtE|Lt_GtE|LtE_Lt|LtE_Gt|Gt_GtE|Gt_LtE|GtE_Gt|GtE_Lt)$"
)
"""Pattern of the changes that are easily made: a bound, a negation, a sign. Others mostly end in a TypeError, which any
test finds, such as `-` to `**`, or change nothing, such as `==` to `is` for interned values."""

Place = tuple[str, int, int]
"""File, line and column."""


@dataclass(frozen=True)
class Mutant:
    """One changed place of a file."""

    room: str
    file: str
    line: int
    column: int
    operator: str
    occurrence: int

    @property
    def key(self) -> str:
        return f"{self.file}:{self.line}:{self.column} {self.operator} {self.occurrence}"

    @cached_property
    def source(self) -> str:
        changed = mutate_code((ROOT / self.file).read_text(), _operators()[self.operator], self.occurrence)
        assert changed, f"{self.key} is no place of this source"
        return changed

    @property
    def diff(self) -> list[str]:
        """Return the lines that differ, each with its `-` or `+`."""
        before = (ROOT / self.file).read_text().splitlines()
        lines = unified_diff(before, self.source.splitlines(), n=0, lineterm="")
        return [line for line in lines if line[0] in "-+" and line[:3] not in ("---", "+++")]


def sample(seed: str, count: int) -> list[Mutant]:
    """Return mutants at `count` different places, in equal parts of the rooms."""
    chance = random.Random(seed)
    shares = defaultdict[str, int](int)
    for room, _ in zip(cycle(ROOMS), range(count), strict=False):
        shares[room] += 1
    return [mutant for room, share in shares.items() for mutant in _of_room(room, share, chance)]


def _of_room(room: str, share: int, chance: random.Random) -> Iterator[Mutant]:
    places = defaultdict[Place, list[Mutant]](list)
    for folder in ROOMS[room]:
        for path in sorted((ROOT / folder).rglob("*.py")):
            for mutant in of_file(room, path):
                places[mutant.file, mutant.line, mutant.column].append(mutant)
    found = (chance.choice(places[place]) for place in chance.sample(sorted(places), len(places)))
    yield from islice(filter(_is_python, found), share)


def _is_python(mutant: Mutant) -> bool:
    """Return False for a mutant that no test would need to find, such as `*` for `**` in a dictionary."""
    try:
        compile(mutant.source, mutant.file, "exec")
    except (SyntaxError, AttributeError):  # cosmic-ray 8.7 fails at `except module.Error`
        return False
    return True


def of_file(room: str, path: Path) -> Iterator[Mutant]:
    """Yield every mutant of a file but those in annotations, which any import finds, and of scripts."""
    source = path.read_text()
    nodes = list(ast_nodes(get_ast(source)))
    left_out = [*_annotations(source), *_main_guards(source)]
    for name, operator in _operators().items():
        starts = [start for node in nodes for start, _ in operator.mutation_positions(node)]
        for occurrence, start in enumerate(starts):
            if not any(first <= start < last for first, last in left_out):
                yield Mutant(room, str(path.relative_to(ROOT)), *start, name, occurrence)


def _annotations(source: str) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """Yield where the annotations of a source begin and end."""
    for node in ast.walk(ast.parse(source)):
        for found in (getattr(node, "annotation", None), getattr(node, "returns", None)):
            if found:
                yield (found.lineno, found.col_offset), (found.end_lineno, found.end_col_offset)


def _main_guards(source: str) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """Yield where `if __name__ == "__main__":` begins and ends."""
    for node in ast.parse(source).body:
        if isinstance(node, ast.If) and "__name__" in ast.unparse(node.test):
            yield (node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset)


@cache
def _operators() -> dict[str, object]:
    """Return cosmic-ray's operators by name, without those that need arguments."""
    classes = {name: plugins.get_operator(name) for name in plugins.operator_names()}
    return {
        name: operator()
        for name, operator in sorted(classes.items())
        if not operator.arguments() and PLAUSIBLE.search(name)
    }
