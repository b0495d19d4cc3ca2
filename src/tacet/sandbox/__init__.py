"""The seeded world of `tacet sandbox`: who lives there, what they said, whom they mute, and their known keys."""
