"""What everything of this checkout's lab is called.

The names carry a hash of the checkout's path, so that two checkouts on one machine never meet, and so that
what a killed lab left behind is found again even when its files are gone.
"""

from hashlib import sha256
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
LAB = CHECKOUT / ".lab"
KUBECONFIG = LAB / "kubeconfig"
CONTEXT = "lab"
IDENTITY = f"pi-lab-{sha256(str(CHECKOUT).encode()).hexdigest()[:8]}"
