"""Where things are kept: the ports of shared.ports on a folder with SQLite, and later on AWS."""
