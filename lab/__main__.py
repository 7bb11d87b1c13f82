"""`python -m lab up`, `python -m lab down`: the local cluster."""

import sys

from lab.cluster.cli import main

sys.exit(main())
