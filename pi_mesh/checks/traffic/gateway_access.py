"""Policies must not lock out the ingress gateway or the kubelet's health checks."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from pi_mesh.checks.finding import Finding, Subject, error, setting, unknown, warning
from pi_mesh.checks.observation import Observation
from pi_mesh.checks.traffic.routes import Known, Target, known_services, route_targets
from pi_mesh.selectors import matches
from pi_mesh.settings import Settings
from pi_mesh.settings.namespaces import WorkloadNamespace
from pi_mesh.settings.traffic.authorization import AccessPolicy, AccessRule
from pi_mesh.settings.traffic.names import IN_CLUSTER, fits
from pi_mesh.values.traffic.authorization import ingress_principal, policies


class SelectedPolicies:
    """Policies by the first label that they select: with a thousand services, each looks at few of a thousand."""

    any_selector: bool
    """True if a policy applies to some of the namespace's pods only."""

    def __init__(self, policies: Mapping[str, AccessPolicy]) -> None:
        self._by_label = defaultdict[tuple[str, str] | None, list[tuple[int, str, AccessPolicy]]](list)
        for place, (name, policy) in enumerate(policies.items()):
            first_label = next(iter((policy.selector or {}).items()), None)
            self._by_label[first_label].append((place, name, policy))
        self.any_selector = any(policy.selector for policy in policies.values())

    def about(self, labels: Mapping[str, str]) -> dict[str, AccessPolicy]:
        """Return the policies that select pods with these labels, in their order."""
        candidates = (candidate for label in (None, *labels.items()) for candidate in self._by_label.get(label, ()))
        selecting = (candidate for candidate in candidates if matches(candidate[2].selector, labels))
        return {name: policy for _, name, policy in sorted(selecting, key=lambda candidate: candidate[0])}


GATEWAY, PROBES = "gateway access", "health checks"
REWRITE = "sidecarInjectorWebhook", "rewriteAppHTTPProbe"
ANNOTATION = "sidecar.istio.io/rewriteAppHTTPProbers"


def check_gateway(observation: Observation) -> Iterator[Finding]:
    """Yield a finding for each service of a gateway's route that does not admit the gateway."""
    services = known_services(observation.settings, observation.snapshot)
    behind = {target.service: target for target in route_targets(observation.settings) if target.gateways}
    for namespace in observation.settings.workload_namespaces:
        rules = SelectedPolicies(policies(observation.settings, namespace))
        for name, target in behind.items():
            if name.endswith(f".{namespace.name}{IN_CLUSTER}"):
                known = services.find(name) or Known(frozenset())
                yield from _service_findings(observation.settings, namespace, rules, target, known)


def _service_findings(
    settings: Settings, namespace: WorkloadNamespace, rules: SelectedPolicies, target: Target, known: Known
) -> Iterator[Finding]:
    service = target.to.service
    if known.selector is None and rules.any_selector:
        message = f"the pods of service {service} are not known, nor whether a policy locks the gateway out of them"
        yield unknown(GATEWAY, setting(target.where), message, f"declare traffic.services.{service}.selector")
    else:
        yield from _access_findings(settings, namespace, service, rules.about(known.selector or {}), known.ports)


def _access_findings(
    settings: Settings,
    namespace: WorkloadNamespace,
    service: str,
    about: dict[str, AccessPolicy],
    ports: frozenset[int],
) -> Iterator[Finding]:
    allows = {name: policy for name, policy in about.items() if policy.action == "ALLOW"}
    for name, policy in about.items():
        if policy.action == "DENY" and any(_admits(settings, rule) and not _narrowed(rule) for rule in policy.rules):
            message = f"denies the ingress gateway, which routes to service {service}"
            yield error(GATEWAY, _setting(namespace, name), message, "limit the rule to other callers, or to paths")
    if namespace.default_deny.enabled:
        allows.setdefault("default-deny", AccessPolicy.model_construct(rules=()))
    admitting = {name: [rule for rule in policy.rules if _admits(settings, rule)] for name, policy in allows.items()}
    if allows and not any(admitting.values()):
        message = f"locks the ingress gateway out of service {service}, which a route leads to"
        fix = f"add a rule with principals: [{ingress_principal(settings)}]"
        yield error(GATEWAY, _setting(namespace, min(allows)), message, fix)
    elif ports and allows:
        admitted = {name: rules for name, rules in admitting.items() if rules}
        yield from _other_ports(_setting(namespace, min(admitted)), admitted.values(), service, ports)


def _other_ports(
    first: Subject, admitting: Iterable[list[AccessRule]], service: str, ports: frozenset[int]
) -> Iterator[Finding]:
    """Yield warnings alone: a rule names ports of pods, and a Service with another port may lead to them."""
    rules = [rule for rules in admitting for rule in rules]
    if all(rule.ports and not ports & {*rule.ports} for rule in rules):
        named = ", ".join(str(port) for port in sorted({port for rule in rules for port in rule.ports}))
        has = ", ".join(map(str, sorted(ports)))
        message = f"lets the ingress gateway in on port {named} alone, and service {service} has port {has}"
        fix = f"add {has} to the rule's ports, unless the Service's targetPort is {named}"
        yield warning(GATEWAY, first, message, fix)


def check_health_checks(observation: Observation) -> Iterator[Finding]:
    """Yield an error where health checks would fail."""
    # The kubelet has no identity of the mesh, so its probes work only if the injector rewrites them to bypass Envoy.
    settings, namespaces = observation.settings, observation.settings.workload_namespaces
    if settings.mtls.mode != "STRICT" and not any(policies(settings, namespace) for namespace in namespaces):
        return
    webhook = settings.istio.values.get(REWRITE[0])
    if isinstance(webhook, dict) and webhook.get(REWRITE[1]) is False:
        message = "is false: mutual TLS and policies would refuse the health checks of every pod"
        yield error(PROBES, setting(f"istio.values.{'.'.join(REWRITE)}"), message, "remove it")
    names = {namespace.name for namespace in namespaces}
    for pod in observation.snapshot.pods if observation.snapshot else ():
        if pod.namespace in names and pod.has_sidecar and pod.annotations.get(ANNOTATION) == "false":
            message = f"has {ANNOTATION}: false, so mutual TLS and policies refuse its HTTP health checks"
            yield error(PROBES, Subject("pod", pod.id), message, "remove the annotation from its workload")


def _admits(settings: Settings, rule: AccessRule) -> bool:
    """Return True if the gateway is among the callers that the rule matches."""
    if rule.namespaces and settings.ingress_namespace not in rule.namespaces:
        return False
    principal = ingress_principal(settings)
    return not rule.principals or any(fits(pattern, principal) for pattern in rule.principals)


def _narrowed(rule: AccessRule) -> bool:
    """Return True if the rule matches only some of the requests."""
    by_request = rule.ports or rule.methods or rule.paths or rule.when
    return bool(by_request or rule.request_principals or rule.ip_blocks or rule.remote_ip_blocks)


def _setting(namespace: WorkloadNamespace, policy: str) -> Subject:
    if policy == "default-deny":
        return setting(namespace.deny_setting)
    return setting(f"traffic.authorization.policies.{policy}")
