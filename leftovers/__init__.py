"""What a destroy takes along besides its own resources, where the settings ask for it."""
