"""What the mesh asks of the Pis: pure arithmetic over the settings."""
