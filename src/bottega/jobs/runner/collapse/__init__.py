"""The job `collapse`: a sheet in TOML, resolved to records, made stage by stage, delivered as layers."""
