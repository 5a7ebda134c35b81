"""The printed page: one recording on one sheet of A4, in English or Korean, DRAFT until somebody has signed it."""
