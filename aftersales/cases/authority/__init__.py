"""Letters of authorities, courts, police and media (R4.11): their own deadline, the reply, the evidence."""
