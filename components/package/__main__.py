"""The plugin that has the component `Mesh` for programs in other languages than Python."""

import sys
from pathlib import Path

from pulumi.provider.experimental import component_provider_host

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from components.mesh import Mesh

component_provider_host([Mesh], "pi-mesh-component")
