"""What of this room a merchant reads: the clocks that run for or against him, never the house's own."""

from aftersales.core.rowpolicies import show

show(
    "clocks.Clock",
    "clocks_clock.merchant_id = %(me)s AND (clocks_clock.audience <> 'internal' OR clocks_clock.owed_by = 'merchant')",
)
show("clocks.BreachExclusion", "clocks_breachexclusion.merchant_id = %(me)s")
show("clocks.Circumstance", "clocks_circumstance.state IN ('active', 'retired')")
