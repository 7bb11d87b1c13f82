"""The command `adopt`: take over a mesh that Helm or the Ansible role installed."""
