from hypothesis import settings

from tests.toy.fixtures import agent, lamp, make_parcels, own_registries, parcel, toy_capabilities

__all__ = ["agent", "lamp", "make_parcels", "own_registries", "parcel", "toy_capabilities"]

# Two busy cores are no reason to fail, and nothing is kept between runs.
settings.register_profile("calm", deadline=None, database=None, max_examples=60)
settings.load_profile("calm")
