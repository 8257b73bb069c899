"""Who acts: users, roles, teams, duties, shifts, sign-in and the second factor."""
