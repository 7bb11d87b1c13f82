"""The control plane."""

from components.release import ReleaseComponent


class Istiod(ReleaseComponent):
    """The chart `istiod`: injects sidecars, tells them what to do, signs their certificates."""

    token = "pi-mesh:istio:Istiod"
