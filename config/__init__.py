"""Settings and logging: read at start, never at import; knows nobody."""
