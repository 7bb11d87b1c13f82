"""A recorder of the resources that a Pulumi program registers, in this process and without an engine."""

import asyncio
import contextvars
import logging
from collections.abc import Callable, Mapping
from inspect import isawaitable
from types import MappingProxyType

from google.protobuf.json_format import MessageToDict
from pulumi.runtime import configure, rpc
from pulumi.runtime.mocks import MockEngine, MockMonitor, Mocks, MockSettings
from pulumi.runtime.settings import SETTINGS
from pulumi.runtime.stack import run_in_stack

from tests.support.recording import Recording, Registered
from tests.support.threads import threads_with_loops

RELEASE = "kubernetes:helm.sh/v3:Release"


def record(
    program: Callable[[], object],
    stack: str = "test",
    preview: bool = False,
    outputs: Mapping[str, Mapping[str, object]] = MappingProxyType({}),
    state: Mapping[str, object] = MappingProxyType({}),
) -> Recording:
    """Run a program and record it. Raises the program's exceptions.

    `outputs`: what resources have besides their inputs, by type; of a StackReference, the other stack's outputs.
    `state`: what the stack's state holds before the run, by URN.
    """
    return contextvars.copy_context().run(asyncio.run, _record(program, stack, preview, outputs, state))


async def _record(program: Callable[[], object], stack: str, preview: bool, *answers: Mapping) -> Recording:
    # A program that fails is raised below; the outputs that hang on the failure need not be told one by one.
    asyncio.get_running_loop().set_exception_handler(lambda _loop, _context: None)
    monitor = _Monitor(_Echo(*answers))
    logger = logging.Logger("program", level=logging.INFO)
    logger.addHandler(_Collector(monitor.recording.logs))
    features = set(monitor.GetDeploymentInfo(None).supportedFeatures)
    # Not `set_mocks`: it registers a stack of its own in a loop of its own, whose end would be awaited forever.
    names = {"project": "pi-mesh", "stack": stack, "organization": None}
    parts = {"monitor": monitor, "monitor_features": features, "engine": RecordingEngine(logger)}
    configure(MockSettings(**parts, **names, dry_run=preview))
    SETTINGS.callbacks = _Hooks()
    SETTINGS.outputs.clear()  # what a failed program left belongs to a loop that is closed

    async def whole() -> None:
        if isawaitable(result := program()):
            await result

    async with threads_with_loops():
        await run_in_stack(whole)
    return monitor.recording


class RecordingEngine(MockEngine):
    """An engine of any version that a program asks for."""

    def RequirePulumiVersion(self, request: object) -> None:  # noqa: N802 - the name of the engine
        """Refuse nothing."""


class _Echo(Mocks):
    """Outputs that equal the inputs; a release also has the status that Helm would give it."""

    def __init__(self, outputs: Mapping[str, Mapping[str, object]], state: Mapping[str, object]) -> None:
        self._outputs = outputs
        self._state = dict(state)

    def call(self, args):  # noqa: ARG002 - the protocol's arguments
        """Answer the one call of the program with the test's state."""
        return {"outputs": self._state}

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
            self.recording.resources.append(_registered(request, response.urn))
        return response

    def RegisterResourceOutputs(self, request):  # noqa: N802 - the protocol's name
        if "::pulumi:pulumi:Stack::" in request.urn:
            self.recording.exports = rpc.deserialize_properties(request.outputs)
        return super().RegisterResourceOutputs(request)


class _Hooks:
    """A substitute for the server by which the engine would call the program's hooks; no hook is called."""

    def register_resource_hook(self, hook) -> None:
        """Accept the hook."""

    def shutdown(self) -> None:
        """Do nothing: nothing runs."""


def _registered(request, urn: str) -> Registered:
    return Registered(
        type=request.type,
        name=request.name,
        props=rpc.deserialize_properties(request.object),
        parent=_name(request.parent),
        dependencies=frozenset(_name(urn) for urn in request.dependencies),
        provider=_name(request.provider.rpartition("::")[0]) if request.provider else "",
        protect=request.protect,
        retain_on_delete=request.retainOnDelete,
        deleted_with=_name(request.deletedWith),
        delete_before_replace=request.deleteBeforeReplace,
        timeouts=MessageToDict(request.customTimeouts),
        secret_outputs=tuple(request.additionalSecretOutputs),
        ignored_changes=tuple(request.ignoreChanges),
        urn=urn,
        at_root=any(alias.spec.noParent for alias in request.aliases),
        hooks=frozenset(when.name for when, _ in request.hooks.ListFields()),
    )


def _name(urn: str) -> str:
    return urn.rpartition("::")[2]


class _Collector(logging.Handler):
    def __init__(self, lines: list[str]) -> None:
        super().__init__()
        self.lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{record.levelname.lower()}: {record.getMessage()}")
