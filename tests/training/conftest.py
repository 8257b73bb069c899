from tests.toy.fixtures import agent, make_parcels, own_registries, parcel, toy_capabilities

__all__ = ["agent", "make_parcels", "own_registries", "parcel", "toy_capabilities"]
