"""The commands that speak to a running service. They start none of its processes."""
