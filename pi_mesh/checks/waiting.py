"""Which causes of a wait pass by themselves, which are worth a warning, and which no wait ever ends.

The words are those of the kubelet and containerd 1.7 and 2.1 (core/remotes/docker), and of the kernel.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from pi_mesh.cluster.startup import NO_ADDRESS, Startup


class Verdict(StrEnum):
    """What `up` does about a cause."""

    WAIT = "wait"
    WARN = "warn"
    END = "end"


@dataclass(frozen=True)
class Cause:
    """One cause of a wait."""

    name: str
    words: re.Pattern[str]
    """Found in the reason, the message or the last log lines."""
    verdict: Verdict
    advice: str
    tries: int = 1
    """Failed pulls before an end; one may be a registry's bad moment."""


def _cause(name: str, words: str, verdict: Verdict, advice: str, tries: int = 1) -> Cause:
    return Cause(name, re.compile(words, re.IGNORECASE), verdict, advice, tries)


KERNEL = "run a kernel with 48-bit addresses there, or Istio 1.20.x (istio/istio#51708)"
CAUSES = (
    _cause("too many requests", r"\b429\b|toomanyrequests|pull QPS", Verdict.WAIT, "the node tries again by itself"),
    _cause(
        "wrong architecture",
        r"no match for platform|exec format error|no matching manifest",
        Verdict.END,
        "set cluster.architecture to what the image is for, or images.hub to where one for these nodes is",
    ),
    _cause("39-bit addresses", r"MmapAligned\(\) failed", Verdict.END, KERNEL),
    _cause("invalid name", r"InvalidImageName", Verdict.END, "correct images.hub"),
    _cause("not on the node", r"ErrImageNeverPull", Verdict.END, "load the image, or set images.pullPolicy"),
    _cause(
        "login refused",
        r"\b40[13]\b|unauthorized|forbidden|denied|insufficient_scope|authorization failed|no basic auth",
        Verdict.END,
        "correct the Secret that images.pullSecrets names",
        tries=3,
    ),
    _cause(
        "timeout",
        r"time(d )?out|deadline exceeded|EOF|connection re(set|fused)|no such host|temporary failure|unreachable",
        Verdict.WAIT,
        "the node tries again by itself",
    ),
    _cause(
        "not in the registry",
        r"not found|manifest unknown|name unknown",
        Verdict.END,
        "correct images.hub or istio.version, or push the image",
        tries=3,
    ),
    _cause("no node", r"^(Unschedulable|SchedulerError)", Verdict.WARN, "free some, or add a node"),
    _cause("out of memory", r"OOMKilled", Verdict.WARN, "raise its memory limit"),
    _cause("crash", r"^(CrashLoopBackOff|Error|RunContainerError)", Verdict.WARN, "see its last log lines"),
    _cause("configuration", r"^(CreateContainerConfigError|FailedMount)", Verdict.WARN, "create what it names"),
    _cause("no address", f"^{NO_ADDRESS}", Verdict.WARN, "nothing gives the Service an address: docs/clusters.md"),
)
"""The first whose words are found is the cause."""


def cause_of(startup: Startup) -> Cause | None:
    """Return the cause of a wait; None where nothing is wrong so far."""
    said = " ".join((startup.word, startup.message, *startup.log))
    return next((cause for cause in CAUSES if cause.words.search(said)), None)


def is_hopeless(startup: Startup) -> bool:
    """Return True where no wait ends well."""
    cause = cause_of(startup)
    return cause is not None and cause.verdict is Verdict.END and max(1, startup.tries) >= cause.tries
