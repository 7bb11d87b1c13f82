"""The resource budget of the mesh on the Pis: pure arithmetic over the settings."""
