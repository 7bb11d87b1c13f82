"""The command `python -m tests.support.shape`: print the size and the imports of the product."""

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PRODUCT = ("components", "operations", "pi_mesh", "policies", "__main__.py")
GRAMMAR = ("one", "found", "wanted", "seen")
"""Names of variables that say their grammar, not their content (see CONTRIBUTING.md)."""
Graph = dict[str, set[str]]


@cache
def python_files(*folders: str) -> tuple[Path, ...]:
    """Return the Python files that git tracks or would add, below the repository."""
    command = ["git", "-C", ROOT, "ls-files", "--cached", "--others", "--exclude-standard", "--", *folders]
    listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    return tuple(sorted(Path(line) for line in set(listed) if line.endswith(".py") and (ROOT / line).exists()))


def lines(path: Path) -> int:
    return len((ROOT / path).read_text().splitlines())


def imports() -> Graph:
    """Return the product files that each product file imports, in functions too."""
    modules = {_module(path): str(path) for path in python_files(*PRODUCT)}
    return {file: set(_imported(module, Path(file), modules)) - {file} for module, file in modules.items()}


def _module(path: Path) -> str:
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def _imported(module: str, path: Path, modules: dict[str, str]) -> Iterator[str]:
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(ast.parse((ROOT / path).read_text())):
        if isinstance(node, ast.Import):
            yield from (modules[alias.name] for alias in node.names if alias.name in modules)
        elif isinstance(node, ast.ImportFrom):
            above = ".".join(package.split(".")[: len(package.split(".")) + 1 - node.level]) if node.level else ""
            origin = ".".join(filter(None, (above, node.module)))
            for alias in node.names:
                name = f"{origin}.{alias.name}" if f"{origin}.{alias.name}" in modules else origin
                if name in modules:
                    yield modules[name]


def top_level_imports(path: Path) -> set[str]:
    """Return the first names of the modules that a file imports."""
    nodes = list(ast.walk(ast.parse((ROOT / path).read_text())))
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    absolute = {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom) and not node.level}
    return {name.partition(".")[0] for name in plain | absolute}


def circles(graph: Graph) -> list[list[str]]:
    """Return each group of files that import each other, directly or through others."""
    reach = {file: _reached(graph, file) for file in graph}
    groups = {tuple(sorted(other for other in reach[file] if file in reach[other])) for file in graph}
    return [list(group) for group in sorted(groups) if group]


def _reached(graph: Graph, start: str) -> set[str]:
    reached: set[str] = set()
    waiting = [start]
    while waiting:
        for file in graph[waiting.pop()] - reached:
            reached.add(file)
            waiting.append(file)
    return reached


def longest_chain(graph: Graph) -> int:
    """Return the number of files in the longest chain of imports, a circle counted with all its files."""
    circle = {file: tuple(group) for group in circles(graph) for file in group}

    @cache
    def length(group: tuple[str, ...]) -> int:
        below = {circle.get(file, (file,)) for member in group for file in graph[member]} - {group}
        return len(group) + max(map(length, below), default=0)

    return max(length(circle.get(file, (file,))) for file in graph)


def grammar_names(path: Path) -> int:
    """Return how often a file binds a variable whose name says its grammar."""
    nodes = list(ast.walk(ast.parse((ROOT / path).read_text())))
    stored = [node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]
    return sum(name in GRAMMAR for name in [*stored, *(node.arg for node in nodes if isinstance(node, ast.arg))])


def main() -> None:
    product, lab, tests = python_files(*PRODUCT), python_files("lab"), python_files("tests")
    graph = imports()
    print(f"product: {len(product)} files, {sum(map(lines, product))} lines")
    print(f"lab: {len(lab)} files, {sum(map(lines, lab))} lines")
    print(f"tests: {len(tests)} files, {sum(map(lines, tests))} lines")
    print(f"longest chain of imports in the product: {longest_chain(graph)} files")
    print(f"circles of imports in the product: {circles(graph) or 'none'}")
    print(f"variables named {', '.join(GRAMMAR)}: {sum(map(grammar_names, product))}")


if __name__ == "__main__":
    main()
