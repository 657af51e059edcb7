"""Training recipes: one file each, off unless chosen."""
