"""The demo: a small trading application behind the ingress gateway, and what the mesh does for it."""
