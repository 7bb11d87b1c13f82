"""The one result of every operation: shown as a table, printed as JSON, described by docs/operations.schema.json."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, computed_field, field_validator

from operations.failures import Exit
from pi_mesh.checks.finding import Finding, Level, errors
from pi_mesh.quantities import Resources
from pi_mesh.words import for_stack


class Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Archive(Model):
    """An archive for a bug report."""

    path: str
    """Path of the file."""
    bytes: int
    """Size of the file."""
    files: tuple[str, ...]
    """Names of the files in the archive, without their folder."""
    removed: int
    """Number of places from which a secret, or what looks like one, was removed."""


class CallRow(Model):
    """One call between two ends."""

    call: str
    """Name of the call, the same in every run."""
    caller: str
    target: str
    must: Literal["pass", "be refused", "not be made"]
    """What the settings ask for."""
    seen: str
    """What the call showed, or why it was not made."""
    right: bool | None
    """True where the call went as the settings ask; null where it was not made, or proves nothing."""
    seconds: float
    """Seconds until the call went as asked, or was given up."""


class ProxyCertificate(Model):
    """The certificate that a proxy shows to others."""

    chain: tuple[str, ...]
    """The certificate's identity, then its signer, and the signer of that one."""
    roots: tuple[str, ...]
    """The roots that the proxy trusts, each with the start of its fingerprint."""
    trusted: bool
    """True where the chain leads to one of these roots."""
    ends: str
    """End of the certificate, in UTC."""
    days: float
    """Days until the end; negative when the certificate has expired."""
    life: float
    """Days from the certificate's beginning to its end."""


class ProxyRow(Model):
    """One running proxy."""

    proxy: str
    """NAMESPACE/NAME of its pod."""
    kind: Literal["sidecar", "gateway"]
    version: str
    """The proxy's version of Istio; empty where unknown."""
    behind: int | None
    """Minor versions by which the proxy is older than its control plane; null where one of the two is unknown."""
    connected: bool | None
    """True where a running istiod has a connection to the proxy; null where istiod could not be asked."""
    synced: bool | None
    """True where the proxy has acknowledged all configuration that istiod sent."""
    pending: tuple[str, ...]
    """Kinds of configuration that the proxy has not acknowledged."""
    certificate: ProxyCertificate | None
    """The proxy's certificate; null where it shows none."""
    older: tuple[str, ...]
    """Differences from the proxy that istiod would inject into the pod now."""


class ImageRow(Model):
    """One image of the stack's pods, or a chart that names the images of its pods itself."""

    image: str | None
    """The image by its tag, and by its digest where images.digests has one; null where only a chart names it."""
    users: tuple[str, ...]
    """What runs the image; for a chart the release, as NAMESPACE/NAME."""
    policy: str | None
    """The image pull policy; null where the chart decides."""
    chart: str | None
    """The chart, with its version, that names the images; null for an image of Istio."""


class FieldChange(Model):
    """One field of a live object that changes."""

    path: str
    """Place of the field, such as `spec.template.spec.containers[discovery].image`."""
    change: str
    """The change in words."""
    live: Any
    """The value now; null without one, and no value of a Secret."""
    target: Any
    """The value afterwards; null where the field goes."""
    manual: bool
    """True where the settings have not changed, and `up` puts back what was changed by hand."""


class ObjectChange(Model):
    """One object that an `up` changes."""

    change: Literal["create", "update", "delete", "replace"]
    object: str
    """KIND NAMESPACE/NAME of an object in the cluster; type and name of any other resource."""
    release: str | None = None
    """The Helm release that the object belongs to, as NAMESPACE/NAME; null for the program's own."""
    fields: tuple[FieldChange, ...] = ()


class Edge(Model):
    """The calls of one caller to one callee in a window."""

    caller: str
    """NAMESPACE/NAME of the workload; "outside, by" its gateway, or "without identity" for plain text."""
    callee: str
    """NAMESPACE/NAME of the workload or Service, or the host outside of the mesh."""
    protocol: Literal["HTTP", "gRPC", "TCP"]
    port: int | None
    """Port of the Service; null where it is unknown, or has several."""
    rate: float
    """Requests per second; for TCP the opened connections."""
    bytes: float | None
    """Bytes per second in both directions; null for requests."""
    failed: float | None
    """Share of the requests with a status of 500 and above, or of gRPC other than OK; null for TCP."""
    security: Literal["mutual TLS", "plain text", "unknown"]
    leaves: bool
    """True where the callee is outside of the mesh."""


VERDICTS = {
    "preflight": ("the cluster can carry the mesh", "`pulumi up` would be refused"),
    "rehearse": ("no tried node has a problem with the proxy", "a node has a problem with the proxy"),
    "verify": ("the mesh is as the settings say", "the mesh is not as the settings say"),
    "diff": ("every changed object was compared", "not every changed object could be compared"),
    "repair": ("nothing is left to repair", "something is left to repair"),
    "adopt": ("the adoption has no obstacle", "the adoption has an obstacle, and nothing more was written"),
    "budget": ("the budget was calculated", "the budget could not be calculated"),
    "rotate-ca": (
        "the rotation of the mesh's CA has no problem",
        "the mesh's CA was not rotated, or its rotation is not proven",
    ),
    "proxies": ("no proxy has a problem", "a proxy has a problem"),
    "calls": ("the calls were counted", "the calls could not be counted"),
    "connectivity": ("each call goes as it must", "a call does not go as it must"),
    "learn": ("what is remembered was read", "what is remembered could not be kept"),
    "refresh": ("nothing is left to restart except the workloads in the list", "not every stale proxy was restarted"),
    "upgrade": ("no step of the upgrade is stopped", "a step of the upgrade is stopped"),
    "charts": ("the charts are the locked ones", "not every chart could be had as it was locked"),
    "images": ("no pull failed", "an image could not be pulled"),
    "report": ("the archive was written", "the archive could not be written"),
    "dashboard": ("the port was closed", "the port could not be kept open"),
    "backup": ("the mesh can be restored from the file", "the mesh cannot be restored from the file"),
    "restore": ("the backup has no obstacle", "the backup was not restored"),
}
"""Verdict of each operation on success and on problems."""
Operation = Annotated[str, Field(json_schema_extra={"enum": [*VERDICTS]})]


class Totals(Model):
    """The number of findings of each level."""

    ok: int
    warning: int
    error: int
    unknown: int


class Component(Model):
    """The requests and limits of all pods of one component."""

    component: str
    pods: int
    requests: Resources = Field(validation_alias="total_requests")
    limits: Resources = Field(validation_alias="total_limits")
    surge: Resources = Field(validation_alias="surge_requests")
    """Requests of the additional pods during a rollout."""


class NodeRoom(Model):
    """The headroom of one live node."""

    node: str
    sidecars: int
    """Number of additional sidecars that the scheduler accepts on this node."""
    free: Resources
    """Allocatable minus requests; negative where a node's allocatable has shrunk under running pods."""
    accepts: bool
    """False where ordinary pods are not scheduled: the node is not Ready, cordoned or tainted."""


class BudgetPart(Model):
    """The mesh's use of the Pis, and the headroom that is left."""

    components: tuple[Component, ...]
    sidecar: Component
    """One sidecar: the cost of every injected pod beyond its own containers."""
    trading: Component
    """The pods that `trading.workloads` promises, each of the default size and with its sidecar."""
    namespaces: tuple[Component, ...]
    """The pods that `workloads` of each of `namespaces` promises."""
    nodes: tuple[NodeRoom, ...]
    sidecars: int
    """Number of additional sidecars that the scheduler accepts on all nodes together."""
    waiting: int
    """Number of the mesh's pods that do not exist yet, or are smaller than the settings ask for."""
    remaining: int
    """Number of additional sidecars after these pods are placed; 0 where the pods do not fit."""


class Report(Model):
    """The result of an operation."""

    operation: Operation
    stack: str
    status: Exit
    """The exit status: 0 success, 1 problems, 2 command line, settings or Pulumi not usable, 3 no cluster."""
    findings: tuple[Finding, ...]
    """The results of the checks; for repair, each problem found (message) and its repair (fix)."""
    budget: BudgetPart | None = None
    """The budget; only in the report of `budget`."""
    proxies: tuple[ProxyRow, ...] | None = None
    """The running proxies; only in the report of `proxies`."""
    calls: tuple[CallRow, ...] | None = None
    """The calls that were made; only in the report of `connectivity`."""
    images: tuple[ImageRow, ...] | None = None
    """The images of the stack; only in the report of `images`."""
    changes: tuple[ObjectChange, ...] | None = None
    """The objects that the next `up` changes; only in the report of `diff`."""
    edges: tuple[Edge, ...] | None = None
    """The calls that the mesh's workloads made, the most frequent first; only in the report of `calls`."""
    proposal: str | None = None
    """The proposed settings as YAML; only in the report of `learn`, and without one in that of `learn remember`."""
    archive: Archive | None = None
    """The written archive; only in the report of `report`."""
    address: str | None = None
    """The URL of the opened port; only in the report of `dashboard`, which is printed as soon as the port is open."""

    @field_validator("findings")
    @classmethod
    def _with_stack(cls, findings: tuple[Finding, ...], info: ValidationInfo) -> tuple[Finding, ...]:
        """Put the stack's name into the commands of the findings."""
        name = partial(for_stack, stack=info.data["stack"])
        return tuple(replace(each, message=name(each.message), fix=name(each.fix)) for each in findings)

    @computed_field(description="The number of findings of each level.")
    @property
    def totals(self) -> Totals:
        counted = Counter(finding.level.value for finding in self.findings)
        return Totals(**{level.value: counted[level.value] for level in Level})

    @computed_field(description="The verdict on all findings, in one sentence.")
    @property
    def verdict(self) -> str:
        succeeded, failed = VERDICTS[self.operation]
        if self.status in (Exit.USAGE, Exit.NO_CLUSTER):
            return f"stack {self.stack}: {self.operation} could not run"
        return f"stack {self.stack}: {succeeded if self.status is Exit.OK else failed}"


def completed(operation: str, stack: str, findings: Iterable[Finding], **parts: Any) -> Report:
    """Return the report of a completed operation: errors are problems, warnings and unknowns are not."""
    told = tuple(findings)
    status = Exit.PROBLEMS if errors(told) else Exit.OK
    return Report(operation=operation, stack=stack, status=status, findings=told, **parts)
