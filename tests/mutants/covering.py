"""The tests that cover a statement, by the contexts of one coverage run of all unit tests."""

import ast
import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from functools import cache, cached_property
from pathlib import Path, PurePath

from coverage import CoverageData

from tests.mutants.places import ROOMS, ROOT, Mutant

SEVERAL = (ast.FunctionDef, ast.ClassDef, ast.If, ast.For, ast.While, ast.With, ast.Try, ast.Match, ast.match_case)

OF_EVERY_IMPORT = (
    "tests/unit/support/test_documents.py",
    "tests/unit/test_layout.py::test_every_dataclass_of_the_product_is_frozen",
)
"""Tests that look at the modules' tables or sources, and so cover what their imports run."""


def content_of_checkout() -> str:
    """Return a hash of all files that git tracks or would add."""
    command = ["git", "-C", ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split("\0")
    content = hashlib.sha256()
    for name in sorted({name for name in listed if name and (ROOT / name).is_file()}):
        content.update(name.encode() + (ROOT / name).read_bytes())
    return content.hexdigest()[:12]


class Covering:
    """The tests of each statement, recorded below a folder."""

    def __init__(self, folder: Path):
        self.folder = folder

    def record(self) -> None:
        """Run all unit tests with coverage, unless they are recorded already."""
        if (self.folder / "recorded").exists():
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        config = self.folder / "coveragerc"
        config.write_text(f"[run]\ndata_file = {self.folder / 'coverage'}\n")
        rooms = [f"--cov={folder}" for folders in ROOMS.values() for folder in folders]
        options = ["--cov-context=test", f"--cov-config={config}", "--cov-report=", f"-ocache_dir={self.folder}/cache"]
        command = [sys.executable, "-m", "pytest", "tests/unit", "-q", "-nauto", *rooms, *options]
        subprocess.run(command, cwd=ROOT, check=False)
        (self.folder / "recorded").touch()

    @cached_property
    def failed(self) -> set[str]:
        """Return the tests that fail without any mutant: they would kill all."""
        path = self.folder / "cache/v/cache/lastfailed"
        return set(json.loads(path.read_text())) if path.exists() else set()

    def tests(self, mutant: Mutant) -> list[str]:
        """Return the tests that run the mutant's statement, the closest files first.

        An import runs the lines outside of functions, and functions that build a module's tables: there they are the
        tests that run any line of the file, or all tests, if it has no other lines.
        """
        source, contexts = (ROOT / mutant.file).read_text(), self._of_lines(mutant.file)
        lines = set(_statement(source, mutant.line)) & contexts.keys()
        found = set().union(*(contexts[line] for line in lines))
        if lines and not (found and _in_function(source, mutant.line)):
            found = {*(set().union(*contexts.values()) or self._all), *OF_EVERY_IMPORT}
        return sorted(found - self.failed, key=lambda test: (_distance(test, mutant.file), test))

    @cache  # noqa: B019 - there is one of it
    def _of_lines(self, file: str) -> dict[int, set[str]]:
        """Return the tests of each line that was run; an import's lines have none."""
        lines = self._read.contexts_by_lineno(str(ROOT / file))
        return {line: {_test(context) for context in of_line if context} for line, of_line in lines.items()}

    @cached_property
    def _read(self) -> CoverageData:
        data = CoverageData(str(self.folder / "coverage"))
        data.read()
        return data

    @cached_property
    def _all(self) -> set[str]:
        return {_test(context) for context in self._read.measured_contexts() if context}


def _test(context: str) -> str:
    """Return the test of a context, which pytest-cov names with its phase: "FILE::TEST|run"."""
    return context.rpartition("|")[0]


def _statement(source: str, line: int) -> range:
    """Return the lines of the smallest statement at a line; of a block only its head."""
    found = range(line, line + 1)
    smallest = float("inf")
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.stmt) and node.lineno <= line <= (node.end_lineno or 0):
            body = getattr(node, "body", None)
            last = body[0].lineno - 1 if isinstance(node, SEVERAL) and body else node.end_lineno or line
            lines = range(node.lineno, max(last, node.lineno) + 1)
            if line in lines and len(lines) < smallest:
                found, smallest = lines, len(lines)
    return found


def _in_function(source: str, line: int) -> bool:
    """Return True for a line in a function's body."""
    return any(
        node.body[0].lineno <= line <= (node.end_lineno or 0)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef)
    )


def _distance(test: str, file: str) -> tuple[int, int]:
    """Return how far a test is from the file that it tests by the layout: the mirrored file is closest."""
    path = PurePath(test.partition("::")[0]).relative_to("tests/unit")
    source = PurePath(file)
    names = (path.parent / path.stem.removeprefix("test_")).parts
    wanted = source.with_suffix("").parts
    common = sum(1 for _ in _same(names, wanted))
    return -common, len(names) - common


def _same(left: tuple[str, ...], right: tuple[str, ...]) -> Iterator[str]:
    for one, other in zip(left, right, strict=False):
        if one != other:
            return
        yield one
