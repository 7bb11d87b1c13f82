"""The ingress and egress gateways."""

from components.release import ReleaseComponent


class Gateway(ReleaseComponent):
    """The chart `gateway`. istiod's webhook fills the pod's image in, so istiod comes first."""

    token = "pi-mesh:istio:Gateway"
