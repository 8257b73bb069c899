"""No domain nouns: the door, events and deliveries, jobs, sheets, series, money, errors, admin base."""
