"""Judgement of the packet redirection, without which a sidecar's pod does not start."""

from operations.rehearse.trial import FOREIGN, ContainerRun, Trial
from operations.rehearse.trial_pod import IPTABLES, NFTABLES
from pi_mesh.checks.finding import Finding, Subject, error, ok, unknown
from pi_mesh.checks.startup_causes import IMAGE_OF_NODES
from pi_mesh.settings import Settings

ID = "packet redirection"
MODULES = "load the node's kernel modules: `modprobe ip_tables iptable_nat iptable_mangle`, or nf_tables"
NATIVE = "istio.values.global.nativeNftables: true"


def judged(node: Subject, settings: Settings, trial: Trial) -> Finding:
    """Judge the way that the settings choose; the other one is a cure."""
    native = _wants_native(settings)
    chosen, other = (NFTABLES, IPTABLES) if native else (IPTABLES, NFTABLES)
    run, instead = (trial.containers.get(name, ContainerRun()) for name in (chosen, other))
    if run.succeeded:
        return ok(ID, node, f"works by {chosen}")
    if run.exit_code is None:
        return unknown(ID, node, f"is unknown: the trial of {chosen} gave no answer")
    message, cure = f"does not work by {chosen}: {run.last_line}", MODULES
    if instead.succeeded:
        message += f"; by {other} it works"
        cure = f"remove {NATIVE}" if native else f"set {NATIVE} (Istio 1.27 and newer)"
    elif FOREIGN in run.log:
        cure = IMAGE_OF_NODES
    elif instead.exit_code is not None:
        message += f"; by {other} it does not work either"
    return error(ID, node, message, cure)


def _wants_native(settings: Settings) -> bool:
    wanted = settings.istio.values.get("global")
    return isinstance(wanted, dict) and bool(wanted.get("nativeNftables"))
