"""One finished recording: read back with its trace, sent to the browser, decided upon."""
