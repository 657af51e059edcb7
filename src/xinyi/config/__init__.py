"""Configuration: the schema of every group, composition with Hydra, and checks that report all problems at once."""
