"""The command `python -m lab`, which starts and stops the local cluster."""

import sys

from lab.cluster.cli import main

sys.exit(main())
