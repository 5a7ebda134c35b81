"""Speed and memory, printed by ``make bench``. Nothing here asserts a time."""
