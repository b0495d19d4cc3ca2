"""The endpoints that OAuth 2.0 clients call by themselves, without a browser."""
