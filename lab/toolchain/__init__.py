"""Makes what the lab runs: programs from Go modules, images and packaged charts, in a cache outside the checkout."""
