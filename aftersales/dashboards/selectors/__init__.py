"""What the pages of figures read."""
