"""Exchange and repair: what is particular to these two kinds of case, beside the three machines of every case."""
