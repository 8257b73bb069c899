"""The one address that a merchant had, carried over into the places that he has now."""

from importlib import import_module
from types import SimpleNamespace


def test_what_is_carried_over_is_one_line_as_the_services_keep_it() -> None:
    step = import_module("aftersales.merchants.migrations.0005_return_addresses")
    one = SimpleNamespace(
        name=" 退货\n组 ", phone="0571 \t8888", address="\n杭州市\r\n文三路 1 号 " + "长" * 60
    )
    told = step.one_line(one)
    assert told["place"] == "杭州市 文三路 1 号 " + "长" * 60
    assert told["name"] == told["place"][:60]
    assert (told["contact"], told["phone"]) == ("退货 组", "0571 8888")
