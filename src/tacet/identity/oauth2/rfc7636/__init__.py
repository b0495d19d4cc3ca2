"""RFC 7636's own steps as pure functions: the challenge that a code is bound to, and the verifier that proves it."""
