"""Drafts of rules that are open for comments, and what became of each comment (R1.7, law P2 and P11)."""
