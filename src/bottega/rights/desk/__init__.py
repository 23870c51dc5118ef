"""What a coordinator does with the ledger, by the names that people know: a desk for each subject."""
