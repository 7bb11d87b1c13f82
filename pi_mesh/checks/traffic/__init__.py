"""Checks of the traffic settings against each other and the cluster, which Istio does not make on apply."""
