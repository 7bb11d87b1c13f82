"""The causes for which a pod is not Ready during `up`, and whether `up` waits, warns or ends.

The words are those of the kubelet and containerd 1.7 and 2.1 (core/remotes/docker), and of the kernel.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from pi_mesh.cluster.pod_lifecycle import BACK_OFF, NO_ADDRESS, PULLING, Startup

LONGEST = 160
"""Letters of Kubernetes' message in a line."""


class Verdict(StrEnum):
    """The reaction of `up` to a cause."""

    WAIT = "wait"
    WARN = "warn"
    END = "end"


@dataclass(frozen=True)
class Cause:
    name: str
    reasons: re.Pattern[str]
    """Reasons, as Kubernetes names them, that it may have."""
    words: re.Pattern[str]
    """Found in the message or in the last log lines."""
    verdict: Verdict
    advice: str
    tries: int
    """Failed pulls before an end; one may be a registry's bad moment."""


def _cause(name: str, reasons: str, words: str, verdict: Verdict, advice: str, tries: int = 0) -> Cause:
    return Cause(name, re.compile(reasons), re.compile(words, re.IGNORECASE), verdict, advice, tries)


PULL, RUN = "ErrImagePull|ImagePullBackOff", "CrashLoopBackOff|Error|RunContainerError|StartError"
KERNEL = "run a kernel with 48-bit addresses there, or Istio 1.20 or 1.21 (istio/istio#51708)"
IMAGE_OF_NODES = "set cluster.architecture to what the image is for, or images.hub to where one for these nodes is"
TIMEOUT = r"time(d )?out|deadline exceeded|EOF|connection re(set|fused)|no such host|temporary failure|unreachable"
REFUSED = r"\b40[13]\b|unauthorized|forbidden|denied|insufficient_scope|authorization failed|no basic auth"
LOGIN = "correct images.login and registryPassword, or the Secret that images.pullSecrets names"
ABSENT = r"not found|manifest unknown|name unknown"
AGAIN = "the node tries again by itself"
CAUSES = (
    _cause("too many requests", PULL, r"\b429\b|toomanyrequests|pull QPS", Verdict.WAIT, AGAIN),
    _cause("wrong architecture", PULL, r"no match for platform|no matching manifest", Verdict.END, IMAGE_OF_NODES),
    _cause("wrong architecture", RUN, r"exec format error", Verdict.END, IMAGE_OF_NODES),
    _cause("39-bit addresses", RUN, r"MmapAligned\(\) failed", Verdict.END, KERNEL),
    _cause("invalid name", "InvalidImageName", "", Verdict.END, "correct images.hub"),
    _cause("not on the node", "ErrImageNeverPull", "", Verdict.END, "load the image, or set images.pullPolicy"),
    _cause("login refused", PULL, REFUSED, Verdict.END, LOGIN, tries=3),
    _cause("timeout", PULL, TIMEOUT, Verdict.WAIT, AGAIN),
    _cause("not in the registry", PULL, ABSENT, Verdict.END, "correct images.hub or istio.version", tries=3),
    _cause("no node", "Unschedulable|SchedulerError", "", Verdict.WARN, "free some, or add a node"),
    _cause("out of memory", RUN, "OOMKilled", Verdict.WARN, "raise its memory limit"),
    _cause("crash", RUN, "", Verdict.WARN, "see its last log lines"),
    _cause("configuration", "CreateContainerConfigError|Failed.*", "", Verdict.WARN, "create what it names"),
    _cause("no address", NO_ADDRESS, "", Verdict.WARN, "nothing gives the Service an address: docs/clusters.md"),
)
"""The first whose reason and words fit is the cause."""


def cause_of(startup: Startup) -> Cause | None:
    """Return the cause of a wait; None where nothing is wrong so far."""
    said = " ".join((startup.message, *startup.log))
    fitting = (cause for cause in CAUSES if cause.reasons.fullmatch(startup.word))
    return next((cause for cause in fitting if cause.words.search(said)), None)


def is_hopeless(startup: Startup) -> bool:
    """Return True for a pod that can never become Ready."""
    cause = cause_of(startup)
    return cause is not None and cause.verdict is Verdict.END and startup.tries >= cause.tries


def line(startup: Startup) -> str:
    """Return such as "pod istio-system/istiod-x: ImagePullBackOff (not in the registry, 2 pulls failed): IMAGE"."""
    cause, message = cause_of(startup), startup.message.partition("\n")[0][:LONGEST]
    short = startup.image if startup.word in (*BACK_OFF, PULLING) else message
    details = [cause.name if cause else "", f"{startup.tries} pulls failed" if startup.tries > 1 else ""]
    shown = ", ".join(filter(None, details))
    return f"{startup.name}: {startup.word}{f' ({shown})' if shown else ''}{f': {short}' if short else ''}"


def everything(startup: Startup) -> str:
    """Return everything that is known of a pod, with the advice."""
    cause, lines = cause_of(startup), [f"  {line(startup)}"]
    if startup.message and startup.word in BACK_OFF:
        lines.append(f"    {startup.message}")
    lines += [f"    | {text}" for text in startup.log]
    if cause:
        lines.append(f"    {cause.advice}")
    return "\n".join(lines)
