"""The older API, v1.1: the same actions as v2, in the words it had before."""
