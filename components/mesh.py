"""The mesh, from top to bottom."""

from collections.abc import Callable
from functools import partial

from pulumi import Resource, ResourceOptions, get_stack

from components import ca as plugged
from components import outputs
from components.istio import Gateway, IstioBase, Istiod, MeshMtls, MeshMtlsArgs
from components.observability import Observability, ObservabilityArgs
from components.preflight import guard
from components.provider import Cluster
from components.release import ReleaseArgs
from components.trading import NamespaceArgs, TradingNamespace, TradingNamespaceArgs, make_namespace
from components.traffic import Traffic, TrafficArgs
from pi_mesh.settings import Settings
from pi_mesh.settings.sources import ChartSettings
from pi_mesh.values import objects, releases, traffic
from pi_mesh.values.observability import releases as observability
from pi_mesh.values.observability import tracing


def deploy(settings: Settings) -> None:
    """Everything in its order; what is refused is refused before the first resource."""
    snapshot = guard(settings)
    root = plugged.root(settings)
    plan = releases.of(settings, bool(snapshot and snapshot.load_balancer), root)
    on_cluster = partial(ResourceOptions, provider=Cluster("cluster", settings.cluster.context))
    release = partial(
        ReleaseArgs,
        version=settings.istio.version,
        namespace=settings.istio.namespace,
        charts=settings.charts,
        how=settings.release,
    )
    shown = _observability(settings, release)
    control = NamespaceArgs(objects.istio_namespace(settings, get_stack()), settings.istio.adopt)
    home = make_namespace("istio-namespace", control, on_cluster(depends_on=_swept_last(settings)))
    ca = plugged.plug_in(settings, snapshot, root, on_cluster(depends_on=[home]))
    base = IstioBase("istio-base", release(plan.base), on_cluster(depends_on=[home]))
    istiod = Istiod("istiod", release(plan.istiod), on_cluster(depends_on=[base, *ca]))
    served = on_cluster(depends_on=[istiod])
    plugged.retire(settings, snapshot, served)
    gateways = [Gateway(one.name, release(one), served) for one in plan.gateways]
    MeshMtls("mesh-mtls", MeshMtlsArgs(objects.peer_authentication(settings)), served)
    trading = _trading(settings, served)
    if any(rules := traffic.stages(settings)):
        Traffic("traffic", TrafficArgs(*rules), on_cluster(depends_on=[trading]))
    if shown.addons:
        Observability("observability", shown, served)
    outputs.export(settings, [base, istiod, *gateways], gateways)


def _trading(settings: Settings, opts: ResourceOptions) -> TradingNamespace:
    namespace = NamespaceArgs(objects.trading_namespace(settings, get_stack()), settings.trading.adopt)
    return TradingNamespace("trading", TradingNamespaceArgs(namespace, objects.bounds(settings)), opts)


def _observability(settings: Settings, release: Callable[..., ReleaseArgs]) -> ObservabilityArgs:
    addons = (
        release(one.release, version=one.version, charts=ChartSettings(source=one.source))
        for one in observability.releases(settings)
    )
    return ObservabilityArgs(tuple(addons), tracing.telemetry(settings))


def _swept_last(settings: Settings) -> list[Resource]:
    wanted = settings.destroy
    if not (wanted.crds or wanted.root_certificates):
        return []
    # Here: it needs a plugin of its own, which takes its time.
    from components.uninstall import Leftovers, LeftoversArgs

    context, namespace = settings.cluster.context, settings.istio.namespace
    args = LeftoversArgs(context, namespace, releases.BASE, wanted.crds, wanted.root_certificates)
    return [Leftovers("leftovers", args)]
