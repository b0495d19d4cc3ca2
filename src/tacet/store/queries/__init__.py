"""The SQL of every store, in the subset that SQLite (3.40 or later) and PostgreSQL (15 or later) share.

Parameters are written `$1`, a list of ids as `ids($1)`, which yields rows of one column `id`, a list of texts as
`texts($1)`, which yields rows of one column `text`, and a column put together in one value as `packed(column)`;
each driver adapts them to its own tongue.

Where one transaction runs several of them, each relies on what those before it found: no other write may come between,
as none can in SQLite; elsewhere the transaction first takes the locks that keep them away.
"""
