"""The journal of what merchants, people and the platform owe each other, and proposals for it."""
