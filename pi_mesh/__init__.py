"""The content of a mesh, and the checks that a cluster can carry it: plain Python, which never imports Pulumi."""
