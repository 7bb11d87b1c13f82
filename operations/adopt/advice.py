"""The steps after which a mesh can be adopted that cannot be adopted as it is; none harms a healthy mesh."""

TAKE_OWNERSHIP = "https://helm.sh/docs/helm/helm_upgrade/"
HELM = (
    "have Helm (3.17 or newer) take its objects over, `helm upgrade --install NAME CHART --take-ownership` with its "
    f"values and its version ({TAKE_OWNERSHIP}), then adopt again"
)
ARGO_CD = (
    "take it out of that application without deleting it "
    "(`argocd app delete NAME --cascade=false`, or `syncPolicy` without `prune`); then "
)
ONE_ISTIOD = (
    "move the workloads of one of them to the other (https://istio.io/latest/docs/setup/upgrade/canary/), "
    "`helm uninstall` that one's release, then adopt again"
)
REVISION = (
    "move its workloads to the default revision (https://istio.io/latest/docs/setup/upgrade/canary/), then adopt again"
)


def of_manager(manager: str) -> str:
    """Return the advice for an istiod that no Helm release owns, by its field manager."""
    return f"{ARGO_CD}{HELM}" if manager.startswith("Argo CD") else HELM
