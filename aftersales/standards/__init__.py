"""The rule book: markets, versioned service standards, other numbers as data, working calendars."""
