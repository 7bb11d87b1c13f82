"""The command `upgrade`: take Istio to a newer version, one minor version after the other."""
