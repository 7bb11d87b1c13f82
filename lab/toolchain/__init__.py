"""The programs, images and charts that the lab runs, built from Go modules into a cache outside the checkout."""
