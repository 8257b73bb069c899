"""Cases as the people of their merchant see them: whose turn it is, what may be done, what was said."""
