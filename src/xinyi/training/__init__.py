"""Training: the Lightning module, optimiser groups, batches, checkpoints and what happens when a run is stopped."""
