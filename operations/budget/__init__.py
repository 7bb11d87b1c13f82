"""The command `budget`: what the mesh asks of the Pis, and how many sidecars still fit on the live nodes."""
