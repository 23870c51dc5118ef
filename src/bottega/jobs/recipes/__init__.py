"""Recipes: which engine steps a job takes, and in which order. They see arrays and nothing else."""
