"""The merchants' face: what their people see and do."""
