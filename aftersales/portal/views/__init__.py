"""Pages of merchants' people. Everything is found through what the person is admitted to."""
