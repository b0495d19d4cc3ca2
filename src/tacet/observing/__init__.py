"""Seeing inside a running process: what it counts of itself, and what it logs.

Neither knows accounts. A metric's labels are routes, operations and statuses, whose number is fixed; a line of the log
names no two accounts, and nobody's target. Who muted whom can be learned from neither.
"""
