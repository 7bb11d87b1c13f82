"""The policies of a namespace, found by the labels of pods."""

from collections import defaultdict
from collections.abc import Mapping

from pi_mesh.settings.traffic.authorization import AccessPolicy

Label = tuple[str, str] | None


class SelectedPolicies:
    """Policies by the first label that they select: with a thousand services, each looks at few of a thousand."""

    any_selector: bool
    """True if a policy applies to some of the namespace's pods only."""

    def __init__(self, policies: Mapping[str, AccessPolicy]) -> None:
        self._by_label: dict[Label, list[tuple[int, str, AccessPolicy]]] = defaultdict(list)
        for place, (name, policy) in enumerate(policies.items()):
            self._by_label[_first_label(policy)].append((place, name, policy))
        self.any_selector = any(policy.selector for policy in policies.values())

    def about(self, labels: Mapping[str, str]) -> dict[str, AccessPolicy]:
        """Return the policies that select pods with these labels, in their order."""
        candidates = (one for label in (None, *labels.items()) for one in self._by_label.get(label, ()))
        selecting = (one for one in candidates if (one[2].selector or {}).items() <= labels.items())
        return {name: policy for _, name, policy in sorted(selecting, key=lambda one: one[0])}


def _first_label(policy: AccessPolicy) -> Label:
    return next(iter((policy.selector or {}).items()), None)
