"""What never enters the log: names and keys."""
