"""The ledger, the decision and the signed clearance. No pixels."""
