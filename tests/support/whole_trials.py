"""Everything that `connectivity` and `rehearse` create in a cluster, and the calls that they make, as a text.

`make schema` writes the text again, after a change that is wanted; `git diff` shows it.
"""

import json
from dataclasses import asdict
from pathlib import Path

import yaml

from operations.connectivity import calls, objects
from operations.connectivity.objects import ingress_target, outside_target, peer_target
from operations.rehearse import job
from tests.support.factories import STACK, make_settings

FILE = Path(__file__).with_suffix(".yaml")


def text() -> str:
    """Return the Jobs of the pods, the objects around them, and the calls, as YAML."""
    settings = make_settings(images={"pullSecrets": ["pull"]})
    ingress = ingress_target("10.96.0.9", 80)
    targets = [peer_target(objects.SERVER), ingress, outside_target("registered", objects.OUTSIDE)]
    whole = {
        "jobs": [
            objects.pod_job(settings, STACK, objects.NAMESPACE, objects.CLIENT, targets).job(),
            objects.pod_job(settings, STACK, objects.NAMESPACE, objects.SERVER, []).job(),
            job.trial_job(settings, STACK, "istio-system", "pi-1").job(),
        ],
        "objects": [*objects.before_the_pods(settings, 80), *objects.beyond_the_server(settings, "10.0.0.2")],
        "calls": [asdict(call) for call in calls.expected_calls(settings, ingress)],
    }
    return yaml.safe_dump(json.loads(json.dumps(whole, default=str)), sort_keys=False, width=110)


if __name__ == "__main__":
    FILE.write_text(text())
