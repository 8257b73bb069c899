"""How the registers write dates and times where the language's own way is hard to compare."""
