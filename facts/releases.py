"""The fixed names by which the program's parts, the checks and the `helm` command find the mesh."""

BASE, ISTIOD, INGRESS, EGRESS = "istio-base", "istiod", "istio-ingressgateway", "istio-egressgateway"
"""The Helm releases; the charts name Deployments and Services after them."""

ALL = (BASE, ISTIOD, INGRESS, EGRESS)
