"""People signing in to the pages: passwords, and the sessions of their browsers."""
