"""Verification that the mesh is what the settings say: the Ansible role's own checks, and more."""
