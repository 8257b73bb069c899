from tests.toy.fixtures import agent, make_parcels, parcel, toy_capabilities

__all__ = ["agent", "make_parcels", "parcel", "toy_capabilities"]
