"""The provider, which compares, creates, updates, reads and deletes resources of every type in the same way."""

import asyncio
import os
from collections.abc import Mapping
from typing import Any

import hvac
from hvac.exceptions import InvalidPath, InvalidRequest, VaultError
from pulumi.provider.experimental import provider as engine
from pulumi.provider.experimental.property_value import PropertyValue

from lab.vault_plugin.conversion import plain, plain_map, wrapped
from lab.vault_plugin.resource_types import RESOURCE_TYPES, ResourceType

Values = Mapping[str, PropertyValue]


class VaultProvider(engine.Provider):
    """A provider for one Vault address and token."""

    def __init__(self) -> None:
        self._vault = hvac.Client()

    async def configure(self, request: engine.ConfigureRequest) -> engine.ConfigureResponse:
        given = {name: str(value) for name, value in plain_map(request.args).items()}
        token = given.get("token") or os.environ.get("VAULT_TOKEN")
        self._vault = hvac.Client(url=given.get("address"), token=token, verify=given.get("caCertFile", True))
        return await super().configure(request)

    async def diff(self, request: engine.DiffRequest) -> engine.DiffResponse:
        return _difference(request, _resource_type(request).replaced_by)

    async def create(self, request: engine.CreateRequest) -> engine.CreateResponse:
        resource_type = _resource_type(request)
        if request.preview:
            return engine.CreateResponse("", {**request.properties, **dict.fromkeys(resource_type.outputs, _unknown())})
        outputs = await self._write(resource_type, request.properties, update=False)
        return engine.CreateResponse(resource_type.place(plain_map(request.properties)), outputs)

    async def update(self, request: engine.UpdateRequest) -> engine.UpdateResponse:
        resource_type = _resource_type(request)
        if request.preview or not resource_type.rewritten:
            kept = {name: value for name, value in request.olds.items() if name in resource_type.outputs}
            return engine.UpdateResponse({**request.news, **kept})
        return engine.UpdateResponse(await self._write(resource_type, request.news, update=True))

    async def read(self, request: engine.ReadRequest) -> engine.ReadResponse:
        """Report a resource as gone if Vault does not know it; what Vault signs once can't be read again."""
        resource_type = _resource_type(request)
        if resource_type.readable and not await self._exists(request.resource_id):
            return engine.ReadResponse("", {}, {})
        return await super().read(request)

    async def delete(self, request: engine.DeleteRequest) -> None:
        if _resource_type(request).deletable:
            await self._call(self._vault.delete, request.resource_id)

    async def _write(self, resource_type: ResourceType, properties: Values, update: bool) -> dict[str, PropertyValue]:
        given = plain_map(properties)
        place = resource_type.place(given) + (resource_type.update_suffix if update else "")
        answer = await self._call(self._vault.write_data, place, data=resource_type.sent(given, update))
        fields = (answer.get("data") if isinstance(answer, dict) else None) or {}  # nothing to say is no JSON
        outputs = {
            name: wrapped(fields.get(key), name in resource_type.secrets) for name, key in resource_type.outputs.items()
        }
        return {**properties, **outputs}

    async def _exists(self, path: str) -> bool:
        try:
            return await asyncio.to_thread(self._vault.read, path) is not None
        except (InvalidPath, InvalidRequest):  # an unknown mount is a bad request
            return False

    async def _call(self, method, path: str, **arguments):
        try:
            return await asyncio.to_thread(method, path, **arguments)
        except VaultError as error:
            raise RuntimeError(f"Vault refused {path}: {type(error).__name__}: {error}") from None


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
