"""The provider, which compares, creates, updates, reads and deletes resources of every type in the same way."""

import asyncio
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

from pulumi.provider.experimental import provider as engine
from pulumi.provider.experimental.property_value import PropertyValue

from lab.vault_plugin.conversion import merged, plain, plain_map, wrapped
from lab.vault_plugin.resource_types import RESOURCE_TYPES, Call, ResourceType
from lab.vault_plugin.vault_api import ApiError, Fields, TokenRefusedError, VaultApi

Values = Mapping[str, PropertyValue]
Written = dict[str, PropertyValue]


class VaultFailure(Exception):
    """A failure in the words of the published plugin."""


class VaultProvider(engine.Provider):
    """A provider for one Vault address and token."""

    def __init__(self) -> None:
        self._vault = VaultApi("", None, None)

    async def configure(self, request: engine.ConfigureRequest) -> engine.ConfigureResponse:
        given = {name: str(value) for name, value in plain_map(request.args).items()}
        token = given.get("token") or os.environ.get("VAULT_TOKEN")
        self._vault = VaultApi(given.get("address", ""), token, given.get("caCertFile"))
        return await super().configure(request)

    async def diff(self, request: engine.DiffRequest) -> engine.DiffResponse:
        return _difference(request, _resource_type(request).replaced_by)

    async def create(self, request: engine.CreateRequest) -> engine.CreateResponse:
        resource_type, given = _resource_type(request), plain_map(request.properties)
        if request.preview:
            return engine.CreateResponse("", {**request.properties, **dict.fromkeys(resource_type.outputs, _unknown())})
        with _said_of(""):
            outputs = await self._write(resource_type, resource_type.create, request.properties, given)
        return engine.CreateResponse(_identity(resource_type, given), outputs)

    async def update(self, request: engine.UpdateRequest) -> engine.UpdateResponse:
        resource_type = _resource_type(request)
        if request.preview or not resource_type.update:
            kept = {name: value for name, value in request.olds.items() if name in resource_type.outputs}
            return engine.UpdateResponse({**request.news, **kept})
        old, new = plain_map(request.olds), plain_map(request.news)
        computed = {name: old[name] for name in resource_type.computed if name in old}
        with _said_of(f"updating {request.urn}: "):
            if resource_type.rename and old["path"] != new["path"]:
                await self._ask(resource_type.rename, {**new, "oldPath": old["path"]}, self._written)
            written = await self._write(resource_type, resource_type.update, request.news, {**computed, **new})
        return engine.UpdateResponse(written)

    async def read(self, request: engine.ReadRequest) -> engine.ReadResponse:
        """Report a resource as gone if Vault does not know it; what Vault signs once can't be read again."""
        resource_type = _resource_type(request)
        if not resource_type.read:
            return await super().read(request)
        with _said_of(f"refreshing {request.urn}: "):
            found = await self._read(resource_type, resource_type.read, request.properties)
        if found is None:
            return engine.ReadResponse("", {}, {})
        known = merged(request.properties, found, resource_type.computed)
        return engine.ReadResponse(request.resource_id, known, merged(request.inputs, found))

    async def delete(self, request: engine.DeleteRequest) -> None:
        if call := _resource_type(request).delete:
            with _said_of(f"deleting {request.urn}: "):
                await self._ask(call, plain_map(request.properties), self._deleted)

    async def _write(self, resource_type: ResourceType, call: Call, properties: Values, sent: Fields) -> Written:
        """Write the `sent` properties, and read back those that the published plugin reads back."""
        answer = await self._ask(call, sent, self._written)
        outputs = {
            name: wrapped(answer.get(key), name in resource_type.secrets) for name, key in resource_type.outputs.items()
        }
        if resource_type.read and resource_type.read_back:
            found = await self._read(resource_type, resource_type.read, properties) or {}
            properties = merged(properties, found, resource_type.computed)
        return {**properties, **outputs}

    def _deleted(self, _: Call, place: str, __: Fields) -> None:
        self._vault.delete(place)

    def _written(self, call: Call, place: str, given: Fields) -> Fields:
        return self._vault.write(call.method, place, call.body(given))

    async def _read(self, resource_type: ResourceType, call: Call, properties: Values) -> Fields | None:
        """Return Vault's data of a resource; None where Vault has none."""
        given = plain_map(properties)
        found = await self._ask(call, given, lambda _, place, __: self._vault.read(place))
        if found is None and resource_type.nil:
            raise VaultFailure(resource_type.nil.format(**given, place=call.path.format(**given)))
        return None if found is None else resource_type.found(found)

    async def _ask(self, call: Call, given: Fields, method: Callable[[Call, str, Fields], Any]) -> Any:
        place = call.path.format(**given)
        try:
            return await asyncio.to_thread(method, call, place, given)
        except ApiError as problem:
            raise VaultFailure(call.wording.format(**given, place=place, problem=problem)) from None
        except TokenRefusedError as problem:
            raise VaultFailure(str(problem)) from None


@contextmanager
def _said_of(what: str) -> Iterator[None]:
    """Word a failure in the block as Pulumi's bridge to Terraform does."""
    try:
        yield
    except VaultFailure as problem:
        raise RuntimeError(f"{what}1 error occurred:\n\t* {problem}\n\n") from None


def _identity(resource_type: ResourceType, given: Fields) -> str:
    place = resource_type.create.path.format(**given)
    return resource_type.identity.format(**given, place=place, unique=uuid4())


def _resource_type(request: Any) -> ResourceType:
    """Return the resource type; a URN's type has those of the parents before its own."""
    return RESOURCE_TYPES[request.type.rpartition("$")[2]]


def _difference(request: engine.DiffRequest, replaced_by: frozenset[str] | None) -> engine.DiffResponse:
    old, new = request.old_state, request.new_inputs
    changed = [
        name
        for name in new
        if name not in request.ignore_changes and (name not in old or plain(old[name]) != plain(new[name]))
    ]
    replaces = [name for name in changed if replaced_by is None or name in replaced_by]
    return engine.DiffResponse(changes=bool(changed), replaces=replaces, diffs=changed)


def _unknown() -> PropertyValue:
    return PropertyValue.computed()
