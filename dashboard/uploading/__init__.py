"""Films on their way in: in pieces, one or many."""
