"""Every sentence that people read, in the reader's language."""
