"""The networks of the detectors: one torch module per file."""
