"""The hook that waits for istiod's webhook, so that resources which depend on istiod find the webhook answering."""

import asyncio

import pulumi

from pi_mesh.cluster import webhook
from pi_mesh.cluster.client import Client
from pi_mesh.cluster.errors import ClusterUnreachable
from pi_mesh.settings import Settings


def awaited(settings: Settings) -> pulumi.ResourceHookBinding | None:
    """Return the hook that waits for the webhook after each change of istiod's release.

    A webhook that still does not answer is a warning.
    """
    if pulumi.runtime.is_dry_run():
        return None  # a preview calls no hooks

    async def wait(_: pulumi.ResourceHookArgs) -> None:
        if problem := await asyncio.to_thread(_wait, settings):
            pulumi.log.warn(f"istiod's webhook does not answer yet; the next object may be refused: {problem}")

    hook = pulumi.ResourceHook("istiod-webhook-answers", wait)
    return pulumi.ResourceHookBinding(after_create=[hook], after_update=[hook])


def _wait(settings: Settings) -> str:
    try:
        with Client(settings.cluster.context) as client:
            return webhook.wait(client, settings.istio.namespace)
    except ClusterUnreachable as problem:
        return str(problem)
