"""The trial of a mutant: the tests that cover it, in a process of their own which imports the mutant's source.

Nothing is written to the checkout, so several trials run side by side. The processes are forked from one that has
imported pytest and the packages of others, but nothing of this project. Tests that start Python anew do not see the
mutant; it counts as survived then.
"""

import multiprocessing
import os
import resource
import signal
import time
from dataclasses import dataclass
from importlib.machinery import SourceFileLoader
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import CodeType
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.mutants.places import Mutant

ROOT = Path(__file__).parents[2]

CLOSE, NEAR = 3, 12
"""Numbers of test files that run first and second; the others run if the mutant survives these."""
ENOUGH = 40
"""Seconds of CPU after which no further test begins: a mutant that is not found until then counts as survived."""
ENDLESS = 100
"""Seconds of CPU after which a mutant never ends: no test takes a minute."""
PATIENCE = 900
"""Seconds after which a trial that uses no CPU is ended: it waits for what never comes."""
NO_VERDICT = "its trial ended"
"""First words about a mutant that no test judged: it counts as killed, and the report names it."""
PRELOADED = "-Wignore:Module already imported:pytest.PytestAssertRewriteWarning"
HEAVY = ("pulumi", "pydantic", "lightkube", "typer", "rich", "hypothesis", "cryptography.x509", "jsonschema", "httpx2")

context = multiprocessing.get_context("forkserver")


@dataclass(frozen=True)
class Verdict:
    """The outcome of a mutant: the test that killed it, or none."""

    killed: bool
    by: str = ""


def prepare() -> None:
    """Have the server of processes import what every trial needs."""
    context.set_forkserver_preload(["pytest", *HEAVY])


def judge(mutant: "Mutant", tests: list[str]) -> Verdict:
    """Run the covering tests on the mutant, the closest files first."""
    files = list(dict.fromkeys(test.partition("::")[0] for test in tests))
    for some in (files[:CLOSE], files[CLOSE:NEAR], files[NEAR:]):
        chosen = {test for test in tests if test.partition("::")[0] in some}
        verdict = _in_process(mutant, some, chosen) if some else Verdict(killed=False)
        if verdict.killed:
            return verdict
    return Verdict(killed=False, by="" if tests else "no test covers it")


def _in_process(mutant: "Mutant", files: list[str], tests: set[str]) -> Verdict:
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_run, args=(mutant.file, mutant.source, files, tests, sender))
    process.start()
    sender.close()
    return _verdict(process, receiver)


def _verdict(process: BaseProcess, receiver: Connection) -> Verdict:
    """Return what a trial sent; a mutant that ends its trial's process, or never lets it end, counts as killed."""
    try:
        if receiver.poll(PATIENCE):
            return receiver.recv()
        process.kill()
        return Verdict(killed=True, by=f"{NO_VERDICT} after {PATIENCE} s")
    except EOFError:
        process.join()
    if process.exitcode == -signal.SIGXCPU:
        return Verdict(killed=True, by="it never ends")
    status = process.exitcode or 0
    ended = f"by {signal.Signals(-status).name}" if status < 0 else f"with status {status}"
    return Verdict(killed=True, by=f"{NO_VERDICT} {ended}")


def _run(file: str, source: str, files: list[str], tests: set[str], sender: Connection) -> None:
    """Run the tests in this process, which has imported no source yet, and send the verdict."""
    resource.setrlimit(resource.RLIMIT_CPU, (ENDLESS, ENDLESS + 1))
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    _import_instead(str(ROOT / file), source)
    chosen = _Chosen(tests)
    options = ["-x", "-q", "-pno:cacheprovider", "--no-header", "--tb=no", PRELOADED]
    status = pytest.main([*options, *files], plugins=[chosen])
    if status in (pytest.ExitCode.INTERNAL_ERROR, pytest.ExitCode.USAGE_ERROR):
        chosen.failed = chosen.failed or "the fixtures of all tests"
    sender.send(Verdict(bool(chosen.failed), chosen.failed))


def _import_instead(path: str, source: str) -> None:
    """Let imports of a file compile another source, and let tests that look at the file read it."""
    original, read_text = SourceFileLoader.get_code, Path.read_text

    def get_code(self: SourceFileLoader, fullname: str) -> CodeType | None:
        return compile(source, path, "exec") if self.path == path else original(self, fullname)

    SourceFileLoader.get_code = get_code
    Path.read_text = lambda self, *how, **more: source if str(self) == path else read_text(self, *how, **more)


class _Chosen:
    """The pytest plugin that runs the chosen tests alone and keeps the first that fails."""

    def __init__(self, tests: set[str]):
        self.tests = tests
        self.failed = ""

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = [item for item in items if {item.nodeid, item.nodeid.partition("::")[0]} & self.tests]

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.failed = self.failed or f"{report.nodeid} (import)"

    def pytest_runtest_teardown(self, item: pytest.Item) -> None:
        if time.process_time() > ENOUGH:
            item.session.shouldstop = "enough"

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failed = self.failed or report.nodeid
