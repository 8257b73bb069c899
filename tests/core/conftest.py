from tests.toy.fixtures import agent, lamp, make_parcels, own_registries, parcel, toy_capabilities

__all__ = ["agent", "lamp", "make_parcels", "own_registries", "parcel", "toy_capabilities"]
