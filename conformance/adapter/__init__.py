"""Bottega as an implementation of the gate cases: real ledgers, real gates, real files, real tampering."""
