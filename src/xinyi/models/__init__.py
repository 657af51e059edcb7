"""Models: a backbone by name, path or hub revision, and one encoder with a head for each task."""
