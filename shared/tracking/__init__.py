"""Video to trace: landmarks, iris, lids, head."""
