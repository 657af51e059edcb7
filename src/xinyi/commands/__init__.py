"""One file a command: its arguments, one call into the rooms, its last lines on the screen."""
