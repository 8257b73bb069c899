"""A toy room: what the machinery promises is proven here, so that no real room is needed for it."""
