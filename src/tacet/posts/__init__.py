"""Posts and timelines: writing, who may see what, and the home timeline."""
