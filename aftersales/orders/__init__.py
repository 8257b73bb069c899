"""Trade data: products, orders, lines, payments, parcels and reviews."""
