"""A result in the formats of others: WebVTT captions, BIDS eye tracking, a spreadsheet table, a zip of all."""
