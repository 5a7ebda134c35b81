"""The command line's subcommands, one module each; ``python -m shared`` puts them together."""
