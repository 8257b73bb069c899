"""Sign-in by a provider of the house (OpenID Connect): off unless the environment names one."""
