"""The endpoints that OAuth 1.0a clients call by themselves, without a browser."""
