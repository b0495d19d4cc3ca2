"""What is kept: relations, people and posts, Apps and tokens, as plain values that the store and the actions share."""
