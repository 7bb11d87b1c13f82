"""The process of a provider plugin, driven as by Pulumi's engine, one operation at a time."""

import re
import subprocess
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import struct_pb2
from google.protobuf.empty_pb2 import Empty
from google.protobuf.json_format import MessageToDict
from pulumi.runtime import rpc
from pulumi.runtime.proto import engine_pb2_grpc, provider_pb2, provider_pb2_grpc

PYTHONS = re.compile(r"^Unexpected <class '[^']*'>: ")
"""Prefix of Python's gRPC before the text of an exception; Go's has none."""
PATIENCE = 120.0
"""Seconds for one operation."""


class PluginError(Exception):
    """The plugin refused an operation; the text is the user's message."""


@dataclass(frozen=True)
class Held:
    """A resource as the state of a stack has it."""

    type: str
    id: str
    inputs: Mapping[str, Any]
    outputs: Mapping[str, Any]

    @property
    def urn(self) -> str:
        return f"urn:pulumi:test::test::{self.type}::test"


class PluginProcess:
    """A configured plugin."""

    def __init__(self, stub: provider_pb2_grpc.ResourceProviderStub) -> None:
        self._stub = stub

    def configure(self, package: str, settings: Mapping[str, str]) -> None:
        request = provider_pb2.ConfigureRequest(
            variables={f"{package}:config:{name}": value for name, value in settings.items()},
            args=_struct(settings),
            acceptSecrets=True,
            acceptResources=True,
        )
        self._ask("Configure", request)

    def create(self, type_: str, inputs: Mapping[str, Any]) -> Held:
        checked = self._checked(Held(type_, "", inputs, {}), {})
        request = provider_pb2.CreateRequest(urn=checked.urn, properties=_struct(checked.inputs), timeout=PATIENCE)
        made = self._ask("Create", request)
        return Held(type_, made.id, checked.inputs, _plain(made.properties))

    def read(self, held: Held) -> Held | None:
        """Refresh a resource; None for one that is gone."""
        request = provider_pb2.ReadRequest(**_identity(held), inputs=_struct(held.inputs))
        found = self._ask("Read", request)
        return Held(held.type, found.id, _plain(found.inputs), _plain(found.properties)) if found.id else None

    def update(self, held: Held, changes: Mapping[str, Any]) -> Held:
        changed = self._checked(Held(held.type, held.id, {**held.inputs, **changes}, held.outputs), held.inputs)
        request = provider_pb2.UpdateRequest(**_change(held, changed), timeout=PATIENCE)
        made = self._ask("Update", request)
        return Held(held.type, held.id, changed.inputs, _plain(made.properties))

    def delete(self, held: Held) -> None:
        old_inputs = _struct(held.inputs)
        self._ask("Delete", provider_pb2.DeleteRequest(**_identity(held), old_inputs=old_inputs, timeout=PATIENCE))

    def _checked(self, held: Held, olds: Mapping[str, Any]) -> Held:
        sides = {"olds": _struct(olds), "news": _struct(held.inputs)}
        answer = self._ask("Check", provider_pb2.CheckRequest(urn=held.urn, **sides, randomSeed=b"1" * 32))
        if answer.failures:
            raise PluginError("; ".join(failure.reason for failure in answer.failures))
        return Held(held.type, held.id, _plain(answer.inputs), held.outputs)

    def _ask(self, method: str, request: Any) -> Any:
        try:
            return getattr(self._stub, method)(request, timeout=PATIENCE)
        except grpc.RpcError as error:
            raise PluginError(PYTHONS.sub("", error.details())) from None


@contextmanager
def plugin_process(program: Path) -> Iterator[PluginProcess]:
    """Run a plugin until the end of the block."""
    engine = grpc.server(ThreadPoolExecutor(max_workers=2))
    engine_pb2_grpc.add_EngineServicer_to_server(_Engine(), engine)
    address = f"127.0.0.1:{engine.add_insecure_port('127.0.0.1:0')}"
    engine.start()
    process = subprocess.Popen([program, address], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert process.stdout
        port = int(process.stdout.readline())
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield PluginProcess(provider_pb2_grpc.ResourceProviderStub(channel))
    finally:
        process.terminate()
        process.communicate()
        engine.stop(None)


class _Engine(engine_pb2_grpc.EngineServicer):
    """An engine that receives the plugin's log."""

    def Log(self, request, context):  # noqa: ARG002, N802 - the protocol's
        return Empty()


def _identity(held: Held) -> dict[str, Any]:
    return {"id": held.id, "urn": held.urn, "properties": _struct(held.outputs)}


def _change(held: Held, changed: Held) -> dict[str, Any]:
    """Return the fields by which a request names a resource and its new inputs."""
    sides = {"olds": held.outputs, "old_inputs": held.inputs, "news": changed.inputs}
    return {"id": held.id, "urn": held.urn, **{name: _struct(properties) for name, properties in sides.items()}}


def _struct(values: Mapping[str, Any]) -> struct_pb2.Struct:
    made = struct_pb2.Struct()
    made.update(values)
    return made


def _plain(values: struct_pb2.Struct) -> dict[str, Any]:
    """Return the values without the engine's marks of secrets."""
    return _unwrapped(MessageToDict(values))


def _unwrapped(value: Any) -> Any:
    if isinstance(value, Mapping):
        inner = rpc.unwrap_rpc_secret(value)
        return _unwrapped(inner) if inner is not value else {name: _unwrapped(item) for name, item in value.items()}
    return [_unwrapped(item) for item in value] if isinstance(value, list) else value
