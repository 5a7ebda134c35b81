"""Accuracy against truth: people's marks, human-labelled signals, and films whose eyes are known.

``python -m tests.accuracy`` prints the tables. A section is a module of this package with

* ``title: str``,
* ``needs_material: bool``: it measures on the folder of real clips, which is not part of the project,
* ``tables(context: Context) -> list[Table]``.
"""
