"""Forms that people fill in and sign."""
