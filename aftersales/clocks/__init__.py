"""A promise with a due time: who owes what to whom by when, under which rule."""
