"""Extra Helm values that take a key from a typed setting, and those that no template of a chart reads.

`pi_mesh.values.helm_values` refuses extra values that differ from a value which the program gives. The reserved keys
here are others: values that yield to an extra value (`Helm.reserved`), and those that the program leaves to the charts,
because the charts' default is what the typed setting means.
"""

import re
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache, reduce
from typing import NamedTuple

import yaml
from pydantic.alias_generators import to_snake

from pi_mesh.settings import Settings
from pi_mesh.settings.traffic.retries import Retries
from pi_mesh.tree_diff import value_at
from pi_mesh.values.setting_paths import helm_values
from pi_mesh.values.traffic.gateways import gateway_labels
from pi_mesh.values.traffic.routes import retry_policy


class ReservedValue(NamedTuple):
    """A key that an extra value took from a typed setting."""

    path: str
    setting: str
    """Owner of the key, as a phrase."""


MTLS = "mtls.mode, which applies to the whole mesh"
IMAGES = "images.hub and istio.version"
INJECTION = "the label istio-injection, which gives pods of the workloads their sidecars"
IDENTITY = "the mesh's identities: who a proxy is, which root is trusted, who configures and injects"
SWITCHES = {"XDS_AUTH": "true", "PILOT_ENABLE_XDS_IDENTITY_CHECK": "true", "PILOT_SKIP_VALIDATE_TRUST_DOMAIN": "false"}
"""Environment variables of istiod that decide about identities, with their defaults (pilot/pkg/features of Istio)."""
EGRESS = "traffic.external, which sees no connection that passes the sidecar by"
LABELS = "ingress.labels or egress.labels, by which Gateways, policies and the budget find its pods"
ANYTHING = "every typed setting; give each value its own key"
COPIED = "pilot"
"""Key whose branches istiod's chart reads at its root too (templates/zzy_descope_legacy.yaml)."""
WRAPPED = "_internal_defaults_do_not_set"
"""Key under which Istio's charts keep their defaults since 1.22 (templates/zzz_profile.yaml)."""
SHADOWS = dict.fromkeys(("defaults", WRAPPED), (ANYTHING, None))
"""Keys under which the charts keep their own defaults."""


def reserved_values(
    settings: Settings, chart: str, release: str, extra: Mapping[str, object]
) -> Iterator[ReservedValue]:
    """Yield the keys that extra values of a release take from typed settings; an equal value takes none."""
    keys = {"istiod": _reserved_of_istiod(settings), "gateway": _reserved_of_gateways(settings, release)}.get(chart, {})
    reserved = [(value.path, setting.path) for value, setting in helm_values(chart) if value.reserved]
    keys |= {path: (key, _given_by(settings, key)) for path, key in reserved}
    for path, (owner, same) in keys.items():
        value = value_at(extra, path)
        if value is not None and value != same:
            yield ReservedValue(path, owner)


def _reserved_of_istiod(settings: Settings) -> dict[str, tuple[str, object]]:
    """Return the keys, each with its owner and the one harmless value."""
    images = ("pilot.image", "pilot.hub", "pilot.tag", "image", "hub", "tag", "global.proxy.image")
    return {
        **SHADOWS,
        **dict.fromkeys((*images, "global.proxy_init.image"), (IMAGES, None)),
        "meshConfig.rootNamespace": (MTLS, settings.istio.namespace),
        "meshConfig.enableAutoMtls": (MTLS, True),
        "global.proxy.includeInboundPorts": (MTLS, "*"),
        "global.proxy.excludeInboundPorts": (MTLS, ""),
        "revision": (INJECTION, ""),
        **{f"{place}env.{name}": (IDENTITY, value) for place in ("", f"{COPIED}.") for name, value in SWITCHES.items()},
        **dict.fromkeys(("meshConfig.caCertificates", "meshConfig.trustDomainAliases"), (IDENTITY, [])),
        **dict.fromkeys(("global.caAddress", "global.remotePilotAddress", "istiodRemote.injectionURL"), (IDENTITY, "")),
        "global.proxy.privileged": (IDENTITY, False),
        "global.proxy.includeIPRanges": (EGRESS, "*"),
        "sidecarInjectorWebhook.templates": (INJECTION, {}),
    }


def _given_by(settings: Settings, key: str) -> object:
    value = reduce(getattr, map(to_snake, key.split(".")), settings)
    return retry_policy(value) if isinstance(value, Retries) else value


def _reserved_of_gateways(settings: Settings, release: str) -> dict[str, tuple[str, object]]:
    pods = "the gateway's checks, budget and traffic.gateways, which identify it by its release"
    gateway = settings.egress if release == settings.releases.names.egress else settings.ingress
    return {
        **SHADOWS,
        "name": (pods, release),
        **{f"labels.{key}": (LABELS, value) for key, value in gateway_labels(release, gateway).items()},
        "serviceAccount.name": (pods, release),
        "kind": ("replicas and autoscaling, which need a Deployment", "Deployment"),
        "revision": (INJECTION, ""),
    }


PLUMBING = re.compile(r"/(NOTES\.txt|zz[^/]*|README\.md|values\.schema\.json|values\.yaml)$")
"""Pattern of files that name values without reading them for an object."""


PROFILES = ("profile", "platform", "compatibilityVersion")
"""Keys that choose other defaults, which the plumbing alone reads."""
PROFILE = re.compile(r"/profile-compatibility-version-([0-9.]+)\.yaml$")
"""Pattern of the files by which charts since 1.22 keep an earlier version's behaviour (`compatibilityVersion`)."""


@dataclass(frozen=True)
class Chart:
    """A packaged chart: its text, defaults and subcharts, which show the values that it reads."""

    text: str
    """Text of all templates and files, including those of subcharts."""
    defaults: Mapping[str, object] = field(default_factory=dict)
    subcharts: frozenset[str] = frozenset()
    """Names under which values go to subcharts."""
    former: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    """Values that keep the defaults of an earlier minor version, such as "1.28", where a later one has changed them."""


@cache
def load_chart(package: str) -> Chart | None:
    """Return the chart in a file NAME-VERSION.tgz; None if the file cannot be read."""
    texts, defaults, metadata, former = [], {}, {}, {}
    try:
        with tarfile.open(package) as archive:
            for member in archive.getmembers():
                if not (content := archive.extractfile(member)) or member.name.count("/") > 6:
                    continue
                text = content.read().decode(errors="replace")
                if member.name.count("/") == 1 and member.name.endswith("/values.yaml"):
                    defaults = yaml.safe_load(text) or {}
                elif member.name.count("/") == 1 and member.name.endswith("/Chart.yaml"):
                    metadata = yaml.safe_load(text) or {}
                elif version := PROFILE.search(member.name):
                    former[version[1]] = yaml.safe_load(text) or {}
                elif PLUMBING.search(member.name) is None:
                    texts.append(text)
    except (OSError, EOFError, tarfile.TarError, zlib.error, yaml.YAMLError):
        return None
    needed = metadata.get("dependencies") or []
    names = frozenset(name for chart in needed for name in (chart.get("name"), chart.get("alias")) if name)
    return Chart("\n".join(texts), defaults.get(WRAPPED, defaults), names, former)


def unread_values(chart: Chart, extra: Mapping[str, object]) -> Iterator[str]:
    """Yield the path of each extra value that is neither among the chart's defaults nor in any of its templates."""
    for key, value in extra.items():
        if key not in chart.subcharts and key not in PROFILES and not (key == "global" and chart.subcharts):
            yield from _below(chart, chart.defaults, key, value, key)


def _below(chart: Chart, defaults: Mapping, key: str, value: object, path: str) -> Iterator[str]:
    known = key in defaults or (path.startswith(f"{COPIED}.") and key in chart.defaults)
    if not known and not re.search(rf"(?<![\w-]){re.escape(key)}(?![\w-])", chart.text):
        yield path
        return
    branch = defaults.get(key, chart.defaults.get(key) if path.startswith(f"{COPIED}.") else None)
    if path == COPIED and not branch:
        branch = chart.defaults
    # Without defaults, or if a template uses the branch as a whole, any key may be meant.
    whole = path != COPIED and re.search(rf"\.{re.escape(key)}(?![\w.-])", chart.text)
    if isinstance(value, Mapping) and isinstance(branch, Mapping) and branch and not whole:
        for name, inner in value.items():
            yield from _below(chart, branch, name, inner, f"{path}.{name}")


def similar_path(chart: Chart, path: str) -> str:
    """Return the path among the chart's defaults that a mistyped one may mean; empty without one."""
    parent, _, key = path.rpartition(".")
    branches = (value_at(chart.defaults, parent), chart.defaults if parent == COPIED else None)
    names = [name for branch in branches if isinstance(branch, Mapping) for name in branch]
    match = get_close_matches(key, names, 1)
    return f"{parent}.{match[0]}".lstrip(".") if match else ""
