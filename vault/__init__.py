"""Vault as the mesh's certificate authority: what is asked of it before the engine starts, and how it is wired in."""
