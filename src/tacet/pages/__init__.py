"""HTML for people: sign-in, consent, connected apps, the developer portal. Works without JavaScript."""
