"""The resources of a mesh and of its CA: all that touches Pulumi."""
