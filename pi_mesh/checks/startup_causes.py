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
    reasons: str
    """Pattern of the reasons, as Kubernetes names them, that it may have."""
    words: str
    """Pattern that is found in the message or in the last log lines."""
    verdict: Verdict
    advice: str
    tries: int = 0
    """Failed pulls before an end; one may be a registry's bad moment."""


PULL, RUN = "ErrImagePull|ImagePullBackOff", "CrashLoopBackOff|Error|RunContainerError|StartError"
KERNEL = "run a kernel with 48-bit addresses there, or Istio 1.20 or 1.21 (istio/istio#51708)"
IMAGE_OF_NODES = "set cluster.architecture to what the image is for, or images.hub to where one for these nodes is"
TIMEOUT = r"time(d )?out|deadline exceeded|EOF|connection re(set|fused)|no such host|temporary failure|unreachable"
REFUSED = r"\b40[13]\b|unauthorized|forbidden|denied|insufficient_scope|authorization failed|no basic auth"
LOGIN = "correct images.login and registryPassword, or the Secret that images.pullSecrets names"
ABSENT = r"not found|manifest unknown|name unknown"
AGAIN = "the node tries again by itself"
CAUSES = (
    Cause("too many requests", PULL, r"\b429\b|toomanyrequests|pull QPS", Verdict.WAIT, AGAIN),
    Cause("wrong architecture", PULL, r"no match for platform|no matching manifest", Verdict.END, IMAGE_OF_NODES),
    Cause("wrong architecture", RUN, r"exec format error", Verdict.END, IMAGE_OF_NODES),
    Cause("39-bit addresses", RUN, r"MmapAligned\(\) failed", Verdict.END, KERNEL),
    Cause("invalid name", "InvalidImageName", "", Verdict.END, "correct images.hub"),
    Cause("not on the node", "ErrImageNeverPull", "", Verdict.END, "load the image, or set images.pullPolicy"),
    Cause("login refused", PULL, REFUSED, Verdict.END, LOGIN, tries=3),
    Cause("timeout", PULL, TIMEOUT, Verdict.WAIT, AGAIN),
    Cause("not in the registry", PULL, ABSENT, Verdict.END, "correct images.hub or istio.version", tries=3),
    Cause("no node", "Unschedulable|SchedulerError", "", Verdict.WARN, "free some, or add a node"),
    Cause("out of memory", RUN, "OOMKilled", Verdict.WARN, "raise its memory limit"),
    Cause("crash", RUN, "", Verdict.WARN, "see its last log lines"),
    Cause("configuration", "CreateContainerConfigError|Failed.*", "", Verdict.WARN, "create what it names"),
    Cause("no address", NO_ADDRESS, "", Verdict.WARN, "nothing gives the Service an address: docs/clusters.md"),
)
"""The first whose reason and words fit is the cause."""


def cause_of(startup: Startup) -> Cause | None:
    """Return the cause of a wait; None where nothing is wrong so far."""
    said = " ".join((startup.message, *startup.log))
    fitting = (cause for cause in CAUSES if re.fullmatch(cause.reasons, startup.word))
    return next((cause for cause in fitting if re.search(cause.words, said, re.IGNORECASE)), None)


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
