"""Measures what `docs/performance.md` claims: `python -m bench`, on this machine, over loopback only."""
