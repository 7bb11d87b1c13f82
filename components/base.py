"""Istio's base: the CRDs and the default validation webhook."""

from components.release import ReleaseComponent


class IstioBase(ReleaseComponent):
    """The chart `base`. Its CRDs stay when it goes, by Istio's own choice: Istio's objects would go with them."""

    token = "pi-mesh:istio:Base"
    has_workloads = False
