"""Nonces of signed requests."""

REMEMBER = """
INSERT INTO nonce (digest, expires_at_ms) VALUES ($1, $2) ON CONFLICT (digest) DO NOTHING RETURNING digest
"""

SWEEP_NONCES = """
DELETE FROM nonce WHERE digest IN (SELECT digest FROM nonce WHERE expires_at_ms <= $1 LIMIT $2) RETURNING digest
"""
