"""No route, whoever created it, may repeat, mirror or fail an order, nor repeat other unsafe requests."""

from collections.abc import Iterator

from pi_mesh.checks.finding import Finding, error, ok, refused_next, setting, subject_of, unknown, warning
from pi_mesh.checks.observation import Observation
from pi_mesh.cluster import routes
from pi_mesh.cluster.policies import Policy
from pi_mesh.cluster.routes import Rule
from pi_mesh.selectors import matches
from pi_mesh.settings import Settings
from pi_mesh.settings.traffic.names import full_name
from pi_mesh.settings.traffic.retries import NEVER_DELIVERED
from pi_mesh.values.objects import object_name
from pi_mesh.values.traffic import stages
from pi_mesh.values.traffic.routes import order_services
from pi_mesh.words import agreeing, counted

ID = "orders"
NO_DEFAULT = (
    "set proxy.defaultRetries.attempts: 0, or lead the requests by Istio's own API, whose routes switch retries off"
)
Services = dict[str, str]
"""Names of services that take orders, by their full names."""


def check_routes(observation: Observation) -> Iterator[Finding]:
    services = order_services(observation.settings)
    if not services:
        return
    own = [*_own(observation.settings, services)]
    yield from own
    if observation.snapshot is None:
        return
    where = setting("traffic.services")
    if unreadable := [kind for kind in routes.ROUTE_KINDS if kind in observation.snapshot.unreadable]:
        message = f"whether other routes repeat orders is not known: {', '.join(unreadable)} may not be listed"
        yield unknown(ID, where, message, "ask for the right to list them")
    others = [*_others(observation, services)]
    yield from others
    if not (own or unreadable or others):
        count = counted(len(services), "service takes", "services take")
        yield ok(ID, where, f"{count} orders, and no route repeats, mirrors or fails them", number=len(services))


def _own(settings: Settings, services: Services) -> Iterator[Finding]:
    are_left = settings.traffic.api == "gateway" and settings.proxy.default_retries.attempts > 0
    for name, route in settings.traffic.routes.items():
        for number, rule in enumerate(route.http):
            names = {full_name(target.service, settings.namespace_of(route)) for target in rule.to} & services.keys()
            if rule.retries and rule.retries.attempts and names:
                message = f"repeats requests to {_shown(services, names)}: an order could be executed twice"
                subject = setting(f"traffic.routes.{name}.http[{number}].retries")
                yield error(ID, subject, message, "remove it; the program switches retries off for this service")
            elif are_left and names:
                message = f"leaves retries of requests to {_shown(services, names)} to the mesh config"
                yield error(ID, setting(f"traffic.routes.{name}.http[{number}].to"), message, NO_DEFAULT)


def _others(observation: Observation, services: Services) -> Iterator[Finding]:
    """Yield the findings about routes that are not of these settings."""
    own = {(item["kind"], *object_name(item)) for item in stages(observation.settings)[0]}
    aliases, repeats = _aliases(observation, services), observation.settings.proxy.default_retries.attempts > 0
    for route in observation.snapshot.routes:
        # A VirtualService without hosts is a delegate, and is judged with the routes that name it.
        if route.key not in own and (route.kind != "VirtualService" or route.spec.get("hosts")):
            yield from _rival(observation.settings, route, services)
            rules = [*routes.rules(route, observation.snapshot.routes)]
            yield from _route_findings(route, rules, services, aliases, repeats=repeats)


def _route_findings(
    route: Policy, rules: list[Rule], services: Services, aliases: Services, *, repeats: bool
) -> Iterator[Finding]:
    """Yield what a route does to orders; `repeats` is True for a mesh config with retries."""
    fix = "set retries.attempts: 0 and remove mirror and fault"
    left = {name for rule in rules if rule.retries is None for name in rule.targets} & services.keys()
    if problems := [*_problems(rules, services)]:
        yield error(ID, subject_of(route), f"{'; '.join(problems)}; {route.managed}", f"{fix}, or remove the route")
    elif problems := [*_problems(rules, aliases)]:
        message = f"{'; '.join(problems)}, whose pods take orders; {route.managed}"
        yield warning(ID, subject_of(route), message, f"if that port takes orders too, {fix}")
    elif left and (route.kind == "VirtualService" or repeats):
        message = f"leaves retries of requests to {_shown(services, left)} to the mesh config; {route.managed}"
        off = "set retries: {attempts: 0} in its rules" if route.kind == "VirtualService" else NO_DEFAULT
        yield warning(ID, subject_of(route), message, off)


def _problems(rules: list[Rule], services: Services) -> Iterator[str]:
    """Yield what the rules do to orders."""
    if repeated := {name for rule in rules if rule.retries for name in rule.targets} & services.keys():
        most = max(rule.retries for rule in rules if rule.retries and repeated & {*rule.targets})
        yield f"repeats requests to {_shown(services, repeated)} up to {most} times"
    if copied := {name for rule in rules if rule.mirrors for name in (*rule.targets, *rule.mirrors)} & services.keys():
        yield f"mirrors requests to {_shown(services, copied)}"
    if failed := {name for rule in rules if rule.fault for name in rule.targets} & services.keys():
        yield f"delays or aborts requests to {_shown(services, failed)} (fault)"


def _rival(settings: Settings, route: Policy, services: Services) -> Iterator[Finding]:
    """Yield an error for a second route of an order service's host: sidecars take one of them (istioctl's IST0109)."""
    for host in sorted(routes.sidecar_hosts(route) & services.keys()):
        name = services[host]
        if settings.traffic.services[name].default_route:
            message = f"routes service {name} for sidecars, which take either it or the stack's own; {route.managed}"
            fix = f"move its rules into traffic.routes, or set traffic.services.{name}.defaultRoute: false"
            yield error(ID, subject_of(route), message, fix)


def _aliases(observation: Observation, services: Services) -> Services:
    """Return the other Services of the pods that take orders, such as one of their metrics."""
    declared = [observation.settings.traffic.services[name] for name in services.values()]
    homes = {observation.settings.namespace_of(service) for service in declared}
    near = {service.host: service for service in observation.snapshot.services if service.namespace in homes}
    selectors = [(near[name].namespace, near[name].selector) for name in services.keys() & near.keys()]
    selectors += [(observation.settings.namespace_of(service), service.selector) for service in declared]
    taking = [
        pod
        for pod in observation.snapshot.pods
        if any(home == pod.namespace and own and matches(own, pod.labels) for home, own in selectors)
    ]
    others = (service for full, service in near.items() if full not in services)
    return {service.host: service.name for service in others if service.pods_behind(taking)}


def _shown(services: Services, names: set[str]) -> str:
    listed = sorted(services[name] for name in names)
    return f"{agreeing(len(listed), 'service', 'services')} {' and '.join(listed)}"


RETRIES = "retries"
RETRIES_FIX = f"leave retryOn to its default ({','.join(NEVER_DELIVERED)}), or set idempotent: true"


def check_retries(observation: Observation) -> Iterator[Finding]:
    default = observation.settings.proxy.default_retries
    if default.unsafe and not default.idempotent:
        yield error(RETRIES, setting("proxy.defaultRetries.retryOn"), _repeats(default.unsafe), RETRIES_FIX)
    for name, route in observation.settings.traffic.routes.items():
        for number, rule in enumerate(route.http):
            retries = rule.retries
            if retries and retries.unsafe and not (retries.idempotent or rule.is_read_only):
                subject = setting(f"traffic.routes.{name}.http[{number}].retries.retryOn")
                fix = f"give the rule methods: [GET, HEAD], {RETRIES_FIX}"
                yield refused_next(RETRIES, subject, _repeats(retries.unsafe), fix)


def _repeats(conditions: tuple[str, ...]) -> str:
    return (
        f"repeats requests of every method after {', '.join(conditions)}, when the service may have processed them: "
        "a POST could be executed twice"
    )
