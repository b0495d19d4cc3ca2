"""OAuth 2.0: the authorization code flow with PKCE, refresh tokens and revocation, as X does them."""
