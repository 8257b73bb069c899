"""The keeper's side: standard library only and relative imports only, so that it starts without Django."""
