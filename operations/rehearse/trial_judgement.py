"""Judgement of a node's trial: which part of the proxy does not work there, and what cures it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from operations.rehearse import redirection
from operations.rehearse.trial import FOREIGN, ContainerRun, Trial
from operations.rehearse.trial_pod import RUNNING, VERSION
from pi_mesh.checks import startup_causes
from pi_mesh.checks.finding import Finding, Subject, error, ok, unknown, warning
from pi_mesh.checks.startup_causes import IMAGE_OF_NODES, KERNEL
from pi_mesh.settings import Settings

IMAGE, ENVOY, PAGES, BITS = "proxy image", "envoy", "page size", "address bits"
PAGE_SIZE = re.compile(r"^AT_PAGESZ:\s+(\d+)", re.MULTILINE)
STACK = re.compile(r"^AT_RANDOM:\s+0x([0-9a-f]+)", re.MULTILINE)
"""Address of 16 random bytes on the stack, which begins at the end of the address space (getauxval(3))."""
RELEASE = re.compile(r"version: \S+?/([\w.+-]+)/")
NO_MMAP = "MmapAligned() failed"
NEEDED_BITS, USUAL_PAGES = 48, 4096
SMALL_PAGES = "run a kernel with 4 KiB pages and 48-bit addresses there; Raspberry Pi OS' kernel8.img has 39-bit ones"


@dataclass(frozen=True)
class Judge:
    """The judgement of one node."""

    node: str
    settings: Settings
    trial: Trial

    @property
    def subject(self) -> Subject:
        return Subject("node", self.node)

    @property
    def _image(self) -> str:
        return self.settings.images.reference("proxyv2", self.settings.istio.version)

    @property
    def _istio(self) -> str:
        return f"Istio {self.settings.istio.version}"

    def findings(self) -> Iterator[Finding]:
        """Yield a finding for each check."""
        trial = self.trial
        if trial.refusal:
            message = f"was not tried: {trial.refusal}"
            yield unknown(IMAGE, self.subject, message, "free room there, or name another namespace with --namespace")
        elif trial.startup:
            yield self._not_started()
        else:
            yield ok(IMAGE, self.subject, f"{self._image} is there, after {trial.seconds:.0f} s", number=trial.seconds)
        if not trial.containers:
            for id in (ENVOY, PAGES, BITS, redirection.ID):
                yield unknown(id, self.subject, "is unknown: nothing of the image ran there")
            return
        yield self._envoy()
        yield self._pages()
        yield self._bits()
        yield redirection.judged(self.subject, self.settings, trial)

    def _run(self, name: str) -> ContainerRun:
        return self.trial.containers.get(name, ContainerRun())

    def _not_started(self) -> Finding:
        state = self.trial.startup
        assert state
        cause = startup_causes.cause_of(state)
        named = f"{state.word} ({cause.name})" if cause else state.word
        message = f"{self._image} does not start: {named}: {state.message or 'no reason given'}"
        return error(
            IMAGE, self.subject, message, cause.advice if cause else f"see `kubectl describe node {self.node}`"
        )

    def _envoy(self) -> Finding:
        """Judge Envoy by what it did, not by the node's properties."""
        run, said = self._run(RUNNING), RELEASE.search(self._run(VERSION).log)
        if self._run(RUNNING).ready:
            release = f" {said[1]}" if said else ""
            return ok(ENVOY, self.subject, f"Envoy{release} of {self._istio} allocates memory and serves")
        failed = run if run.exit_code is not None else self._run(VERSION)
        if failed.exit_code is None:
            return unknown(ENVOY, self.subject, "Envoy runs, and did not become ready in time")
        if failed.succeeded:
            return error(ENVOY, self.subject, "Envoy starts, and does not become ready in time", "see its CPU limit")
        log = f"{run.log}\n{self._run(VERSION).log}"
        cause = NO_MMAP if NO_MMAP in log else failed.last_line
        return error(ENVOY, self.subject, f"Envoy of {self._istio} does not run: {cause}", self._cure(log))

    def _cure(self, log: str) -> str:
        if NO_MMAP in log:
            return KERNEL
        if FOREIGN in log:
            return IMAGE_OF_NODES
        if (pages := self._page_size()) and pages != USUAL_PAGES:
            return SMALL_PAGES
        return f"see the whole of it: `kubectl describe node {self.node}` and the kernel's log"

    @property
    def _untold(self) -> str:
        """Return the reason for which the loader printed no auxiliary vector."""
        succeeded = self._run(VERSION).succeeded
        return "the image's loader is not glibc's, and does not tell" if succeeded else "Envoy does not start there"

    def _page_size(self) -> int:
        found = PAGE_SIZE.search(self._run(VERSION).log)
        return int(found[1]) if found else 0

    def _pages(self) -> Finding:
        size = self._page_size()
        if not size:
            return unknown(PAGES, self.subject, f"is unknown: {self._untold}")
        if size != USUAL_PAGES and not self._run(RUNNING).ready:
            message = f"is {size} bytes, not {USUAL_PAGES}, and Envoy does not run"
            return warning(PAGES, self.subject, message, SMALL_PAGES, number=size)
        return ok(PAGES, self.subject, f"is {size} bytes", number=size)

    def _bits(self) -> Finding:
        found = STACK.search(self._run(VERSION).log)
        if not found:
            return unknown(BITS, self.subject, f"are unknown: {self._untold}")
        bits = int(found[1], 16).bit_length()
        if bits < NEEDED_BITS - 1 and not self._run(RUNNING).ready:  # x86 gives half of its 48 bits to the kernel
            return warning(BITS, self.subject, f"are {bits}, and Envoy does not run", KERNEL, number=bits)
        return ok(BITS, self.subject, f"are {bits}", number=bits)
