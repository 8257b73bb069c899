"""What comes in from outside: letters, and telephone and chat systems that speak to us."""
