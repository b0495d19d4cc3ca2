"""What is needed of Redis, 5 or later: one connection that may go away, scripts, and messages between processes."""
