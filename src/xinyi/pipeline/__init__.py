"""The pipeline: walks a run through the rooms, each of which leaves a file for the next."""
