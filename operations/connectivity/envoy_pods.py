"""The two pods of the calls, `client` and `server`, each with a sidecar before it.

A pod's Envoy answers on both ports. Its second port, which the sidecar leaves out, also sends requests on: the API
server's pod proxy asks it for `/call/TARGET`, and gets the answer that the pod's own call to the target had.
"""

from operations import envoy_server
from operations.connectivity.targets import Target, Way
from operations.plaintext_server import CONTROL, GUARDED
from operations.short_lived import ShortLived
from pi_mesh.checks.verify.encryption import EXCLUDED
from pi_mesh.names import SHORT_LIVED_LABEL
from pi_mesh.settings import Settings
from pi_mesh.values.placement import node_selector, spread

PURPOSE = "connectivity"
APP = "app"
"""Label that names the pod."""
WAY = "x-pi-mesh-way"
"""Header in which a gateway's route tells the server which way the request came."""
NOT_CAPTURED = "traffic.sidecar.istio.io/excludeOutboundIPRanges"


def of(settings: Settings, stack: str, namespace: str, name: str, targets: list[Target]) -> ShortLived:
    """Return the Job of a pod that calls these targets."""
    answers = [envoy_server.answer(way, x_pi_mesh_way=way) for way in Way if way is not Way.DIRECT]
    answers.append(envoy_server.answer(Way.DIRECT))
    calls = [envoy_server.forward(target.path, target.name, target.host) for target in targets]
    upstreams = [envoy_server.upstream(target.name, target.address, target.port) for target in targets]
    listeners = {GUARDED: answers, CONTROL: [*calls, *answers]}
    past = [f"{target.address}/32" for target in targets if target.past_the_sidecar]
    return ShortLived(
        namespace,
        PURPOSE,
        stack,
        (envoy_server.container(settings, CONTROL, listeners, upstreams),),
        labels={APP: name},
        annotations={EXCLUDED: str(CONTROL), **({NOT_CAPTURED: ",".join(past)} if past else {})},
        pod={
            "serviceAccountName": name,
            "nodeSelector": node_selector(settings),
            "topologySpreadConstraints": [spread({SHORT_LIVED_LABEL: PURPOSE})],
            "imagePullSecrets": [{"name": secret} for secret in settings.images.secrets],
        },
    )
