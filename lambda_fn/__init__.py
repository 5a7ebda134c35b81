"""The cloud service: one handler for two functions, the *starter* (small) and the *worker* (with the face tracker)."""
