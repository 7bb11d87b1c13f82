"""Records what a Pulumi program asks the engine for, in this process and with nothing behind it."""

import asyncio
import contextvars
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from google.protobuf.json_format import MessageToDict
from pulumi.runtime import configure, rpc
from pulumi.runtime.mocks import MockEngine, MockMonitor, Mocks, MockSettings
from pulumi.runtime.stack import run_in_stack

from tests.threads import threads_with_loops

RELEASE = "kubernetes:helm.sh/v3:Release"


@dataclass(frozen=True)
class Registered:
    """One resource as the program registered it."""

    type: str
    name: str
    props: dict
    parent: str
    """The name of the parent."""
    dependencies: frozenset[str]
    """The names of what it waits for."""
    provider: str
    """The name of the provider resource; empty for the default one."""
    protect: bool
    retain_on_delete: bool
    delete_before_replace: bool
    timeouts: dict[str, str]
    secret_outputs: tuple[str, ...]


@dataclass
class Recording:
    """All resources of one run, with what it exported and logged."""

    resources: list[Registered] = field(default_factory=list)
    exports: dict = field(default_factory=dict)
    logs: list[str] = field(default_factory=list)

    def of_type(self, type_: str) -> list[Registered]:
        return [resource for resource in self.resources if resource.type == type_]

    def one(self, name: str, type_: str | None = None) -> Registered:
        """The resource of this name. Raises LookupError if there is none, or several of that name and type."""
        found = [one for one in self.resources if one.name == name and type_ in (None, one.type)]
        if len(found) != 1:
            raise LookupError(
                f"{len(found)} resources {name!r} among {[(one.type, one.name) for one in self.resources]}"
            )
        return found[0]


def record(
    program: Callable[[], object],
    stack: str = "test",
    preview: bool = False,
    outputs: Mapping[str, Mapping[str, object]] = MappingProxyType({}),
) -> Recording:
    """Run a program and record it. Raises what the program raises.

    `outputs`: what resources have besides their inputs, by type; of a StackReference, the other stack's outputs.
    """
    return contextvars.copy_context().run(asyncio.run, _record(program, stack, preview, outputs))


async def _record(
    program: Callable[[], object], stack: str, preview: bool, outputs: Mapping[str, Mapping[str, object]]
) -> Recording:
    # A program that fails is raised below; the outputs that hang on the failure need not be told one by one.
    asyncio.get_running_loop().set_exception_handler(lambda _loop, _context: None)
    monitor = _Monitor(_Echo(outputs))
    logger = logging.Logger("program", level=logging.INFO)
    logger.addHandler(_Collector(monitor.recording.logs))
    features = set(monitor.GetDeploymentInfo(None).supportedFeatures)
    # Not `set_mocks`: it registers a stack of its own in a loop of its own, whose end would be awaited forever.
    configure(
        MockSettings(
            monitor=monitor,
            monitor_features=features,
            engine=MockEngine(logger),
            project="pi-mesh",
            stack=stack,
            dry_run=preview,
            organization=None,
        )
    )
    async with threads_with_loops():
        await run_in_stack(lambda: program() and None)
    return monitor.recording


class _Echo(Mocks):
    """Every resource comes out as it went in; a release also with the status that Helm would give it."""

    def __init__(self, outputs: Mapping[str, Mapping[str, object]]) -> None:
        self._outputs = outputs

    def call(self, args):  # noqa: ARG002 - the protocol's arguments
        return {}

    def new_resource(self, args):
        status = {"name": args.name, "namespace": args.inputs.get("namespace"), "status": "deployed", "revision": 1}
        known = {"status": status} if args.typ == RELEASE else self._outputs.get(args.typ, {})
        return f"{args.name}-id", {**args.inputs, **known}


class _Monitor(MockMonitor):
    def __init__(self, mocks: Mocks) -> None:
        super().__init__(mocks)
        self.recording = Recording()

    def RegisterResource(self, request):  # noqa: N802 - the protocol's name
        response = super().RegisterResource(request)
        if request.type != "pulumi:pulumi:Stack":
            self.recording.resources.append(_registered(request))
        return response

    def RegisterResourceOutputs(self, request):  # noqa: N802 - the protocol's name
        if "::pulumi:pulumi:Stack::" in request.urn:
            self.recording.exports = rpc.deserialize_properties(request.outputs)
        return super().RegisterResourceOutputs(request)


def _registered(request) -> Registered:
    return Registered(
        type=request.type,
        name=request.name,
        props=rpc.deserialize_properties(request.object),
        parent=_name(request.parent),
        dependencies=frozenset(_name(urn) for urn in request.dependencies),
        provider=_name(request.provider.rpartition("::")[0]) if request.provider else "",
        protect=request.protect,
        retain_on_delete=request.retainOnDelete,
        delete_before_replace=request.deleteBeforeReplace,
        timeouts=MessageToDict(request.customTimeouts),
        secret_outputs=tuple(request.additionalSecretOutputs),
    )


def _name(urn: str) -> str:
    return urn.rpartition("::")[2]


class _Collector(logging.Handler):
    def __init__(self, lines: list[str]) -> None:
        super().__init__()
        self.lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{record.levelname.lower()}: {record.getMessage()}")
