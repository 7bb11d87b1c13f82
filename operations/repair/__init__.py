"""The command `repair`: find what a killed `pulumi up` left behind, and clean it up."""
