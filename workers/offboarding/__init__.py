"""The domain: what a departure leads to, in plain Python, without I/O or framework."""
