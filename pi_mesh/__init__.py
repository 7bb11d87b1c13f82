"""What a mesh is and whether a cluster can carry it: plain Python, which never imports Pulumi."""
