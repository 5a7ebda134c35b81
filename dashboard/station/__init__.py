"""The screening station: a visit, its process, the target, and the clock of its film."""
