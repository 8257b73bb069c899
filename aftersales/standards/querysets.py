"""Filters over the rule book."""

from aftersales.core.querysets import ScopedQuerySet
from aftersales.core.rulebook import RuleVersions


class RuleBookQuerySet(ScopedQuerySet):
    """Everybody who reads the rule book reads all of it: a promise is no secret from those who owe it."""

    view_capability = "standards.view_rulebook"


class RuleVersionQuerySet(RuleVersions):
    """Versions of the rule book's rules, for whoever reads the rule book."""

    view_capability = RuleBookQuerySet.view_capability
