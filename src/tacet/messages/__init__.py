"""Direct messages between two accounts. Who mutes whom never matters to them."""
