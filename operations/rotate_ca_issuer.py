"""The rotation of a CA that cert-manager has signed: cert-manager creates another key, and `up` applies the new CA."""

import time

from pi_mesh.catalog.cert_manager import CERTIFICATE
from pi_mesh.checks.finding import Finding, Subject, error, ok
from pi_mesh.cluster import ca_issuer
from pi_mesh.settings import Settings

ID, PAUSE = "certificate authority", 1.0


def renewed(settings: Settings, wait: int) -> Finding:
    """Have the CA signed again, wait for it, and return the finding. Raises as `Client` does."""
    context, namespace = settings.cluster.context, settings.istio.namespace
    subject = Subject("Certificate", f"{namespace}/{CERTIFICATE}")
    before, end = ca_issuer.renew(context, namespace), time.monotonic() + wait
    while time.monotonic() < end:
        if ca_issuer.revision(context, namespace) > before and ca_issuer.is_signed(context, namespace):
            return ok(ID, subject, "has a new key, and the Issuer has signed it")
        time.sleep(PAUSE)
    look = f"`kubectl describe certificate -n {namespace} {CERTIFICATE}`"
    return error(ID, subject, f"was not signed within {wait} s; istiod goes on with its present CA", look)
