"""The processes of a service: one that serves, several under a parent, how they begin and how they end."""
