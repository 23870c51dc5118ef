"""What people do with the ledger, by the names that they know."""
