"""Clear, open, make, credit, deliver, sign."""
