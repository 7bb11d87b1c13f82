"""The mesh, from top to bottom."""

from functools import partial

from pulumi import ResourceOptions, get_stack
from pulumi_kubernetes import Provider

import outputs
from checks.preflight.guard import guard
from components.base import IstioBase
from components.gateway import Gateway
from components.istiod import Istiod
from components.mtls import MeshMtls, MeshMtlsArgs
from components.namespace import NamespaceArgs, make_namespace
from components.release import ReleaseArgs
from components.trading import TradingNamespace, TradingNamespaceArgs
from components.traffic import Traffic, TrafficArgs
from settings import Settings
from values import objects, releases, traffic
from vault.plugged import plug_in


def deploy(settings: Settings) -> None:
    snapshot = guard(settings)
    plan = releases.of(settings, load_balancers=bool(snapshot and snapshot.load_balancer))
    context, namespace = settings.cluster.context, settings.istio.namespace
    # Only the context's name: a kubeconfig would make every machine's update replace every resource.
    # A changed secret is updated: replaced, the CA's would be gone for a moment.
    cluster = Provider("cluster", context=context, cluster_identifier=context, enable_secret_mutable=True)
    on_cluster = partial(ResourceOptions, provider=cluster)
    release = partial(
        ReleaseArgs, version=settings.istio.version, namespace=namespace, charts=settings.charts, how=settings.release
    )
    control = NamespaceArgs(objects.istio_namespace(settings, get_stack()), settings.istio.adopt)
    trading = NamespaceArgs(objects.trading_namespace(settings, get_stack()), settings.trading.adopt)

    home = make_namespace("istio-namespace", control, on_cluster())
    ca = plug_in(settings, snapshot, on_cluster(depends_on=[home]))
    base = IstioBase("istio-base", release(plan.base), on_cluster(depends_on=[home]))
    istiod = Istiod("istiod", release(plan.istiod), on_cluster(depends_on=[base, *ca]))
    gateways = [Gateway(one.name, release(one), on_cluster(depends_on=[istiod])) for one in plan.gateways]
    MeshMtls("mesh-mtls", MeshMtlsArgs(objects.peer_authentication(settings)), on_cluster(depends_on=[istiod]))
    room = TradingNamespace(
        "trading", TradingNamespaceArgs(trading, objects.bounds(settings)), on_cluster(depends_on=[istiod])
    )
    if any(rules := traffic.stages(settings)):
        Traffic("traffic", TrafficArgs(*rules), on_cluster(depends_on=[room]))
    outputs.export(settings, [base, istiod, *gateways], gateways)
