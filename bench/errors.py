"""What stops a measurement."""


class BenchError(Exception):
    """Something could not be measured; the message is one line that names cause and remedy."""
