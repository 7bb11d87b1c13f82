"""Mutual TLS must hold for every namespace, workload and port before it is reported as "STRICT"."""

from collections.abc import Iterator, Mapping
from typing import Any

from pi_mesh.checks.finding import Finding, Subject, error, errors, ok, unknown
from pi_mesh.checks.verify import destination_rules, encryption
from pi_mesh.checks.verify.encryption import ID, modes_of, weakened_namespaces
from pi_mesh.checks.verify.input import VerificationInput
from pi_mesh.checks.verify.restoration import REFRESH, reclaimed
from pi_mesh.checks.verify.selection import first_sorted, meshed_pods
from pi_mesh.cluster.policies import DEFAULT_ROOT, MESH_CONFIG
from pi_mesh.counts import counted

NEEDED = ("PeerAuthentication", "DestinationRule", MESH_CONFIG)


def check(seen: VerificationInput) -> Iterator[Finding]:
    if unreadable := [kind for kind in NEEDED if kind in seen.policies.unreadable]:
        message = f"was not judged: {', '.join(unreadable)} may not be read"
        yield unknown(ID, _subject(seen), message, "ask for the right to get and list them")
        return
    findings = [*_mesh_wide(seen), *encryption.judge(seen), *destination_rules.judge(seen)]
    yield from findings
    if not errors(findings):
        yield ok(ID, _subject(seen), _summary(seen), number=len(meshed_pods(seen)))


def _subject(seen: VerificationInput) -> Subject:
    return Subject(
        "PeerAuthentication", f"{seen.settings.istio.namespace}/{_mesh_wide_policy(seen)['metadata']['name']}"
    )


def _mesh_wide_policy(seen: VerificationInput) -> Mapping[str, Any]:
    (item,) = seen.mesh.objects_of("mesh-mtls")
    return item.manifest


def _mesh_wide(seen: VerificationInput) -> Iterator[Finding]:
    yield from _mesh_config(seen)
    mode, subject = seen.settings.mtls.mode, _subject(seen)
    policies = modes_of(seen).policies
    found = next((policy for policy in policies if f"{policy.namespace}/{policy.name}" == subject.name), None)
    if not found:
        yield error(ID, subject, f"is not there: the mesh is {modes_of(seen).mesh_mode}, not {mode}", REFRESH)
        return
    spec = found.spec
    live = (spec.get("mtls") or {}).get("mode", "UNSET")
    if live != mode:
        yield error(ID, subject, f"says {live}, the settings say {mode}", reclaimed(_mesh_wide_policy(seen)))
    elif spec.get("selector") or spec.get("portLevelMtls"):
        message = f"has a selector or ports of its own, so it is not {mode} for the whole mesh"
        yield error(ID, subject, message, reclaimed(_mesh_wide_policy(seen)))


def _mesh_config(seen: VerificationInput) -> Iterator[Finding]:
    namespace, config = seen.settings.istio.namespace, seen.policies.mesh_config
    subject = Subject("configmap", f"{namespace}/istio")
    restore = f"set it back with {seen.restore(f'{namespace}/istiod')}, or remove it from istio.values.meshConfig"
    if config is None:
        yield error(ID, subject, "is missing or not valid YAML, so istiod's mesh config is not known", restore)
        return
    root = seen.policies.root_namespace
    if root != namespace:
        given = f"is {root}" if config.get("rootNamespace") else f"is not set, which means {DEFAULT_ROOT}"
        message = f"meshConfig.rootNamespace {given}: the PeerAuthentication in {namespace} holds for that alone"
        yield error(ID, subject, message, restore)
    if config.get("enableAutoMtls") is False:
        message = "meshConfig.enableAutoMtls is false: sidecars call each other in plain text"
        yield error(ID, subject, message, restore)


def _summary(seen: VerificationInput) -> str:
    mode, count = seen.settings.mtls.mode, len(meshed_pods(seen))
    pods = f"{counted(count, 'pod')} with a proxy"
    weak = weakened_namespaces(seen)
    if not weak:
        return f"{mode} for the whole mesh: every namespace, workload and port, {pods}"
    return f"{mode} mesh-wide, but not for every workload and port of {first_sorted(weak)} (see the rows there)"
