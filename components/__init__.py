"""The Pulumi program: the resources of a mesh and of its CA."""
