"""The two doors to the same engine: an in-process adapter for `requests`, and HTTPS on loopback."""
