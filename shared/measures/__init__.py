"""The numbers of a recording, by what they are about."""
