"""Follows and blocks: who is let in and who is kept out. Neither ever touches a mute."""
