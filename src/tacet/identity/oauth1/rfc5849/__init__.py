"""RFC 5849's own steps as pure functions: section 3.4 (signature) and 3.6 (percent-encoding)."""
