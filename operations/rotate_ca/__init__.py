"""The command `rotate-ca`: a new key and certificate for the mesh's CA, or another root."""
