"""Parts of the review page, each in its own file."""
