"""Words of the scorecards: who is measured, in what, and which way is better."""

from django.db import models
from django.utils.translation import pgettext_lazy


class SubjectKind(models.TextChoices):
    """Who or what a metric is about. Carriers, workshops and vendors have a name and no row of their own."""

    MERCHANT = "merchant", pgettext_lazy("measured", "Merchant")
    PERSON = "person", pgettext_lazy("measured", "Person")
    TEAM = "team", pgettext_lazy("measured", "Team")
    PRODUCT = "product", pgettext_lazy("measured", "Product")
    CARRIER = "carrier", pgettext_lazy("measured", "Carrier")
    WORKSHOP = "workshop", pgettext_lazy("measured", "Repair shop")
    VENDOR = "vendor", pgettext_lazy("measured", "Outsourced vendor")


NAMED = frozenset({SubjectKind.CARRIER, SubjectKind.WORKSHOP, SubjectKind.VENDOR})
"""Kinds that are known by their name alone."""
TRADE = frozenset({SubjectKind.MERCHANT, SubjectKind.PRODUCT, SubjectKind.CARRIER, SubjectKind.WORKSHOP})
"""Kinds that whoever looks after merchants may see; the others are people and where they work."""


class Way(models.TextChoices):
    """How the days of a span make one figure of its numerators and denominators."""

    SHARE = "share", pgettext_lazy("metric", "Share")  # numerator / denominator
    MEAN = "mean", pgettext_lazy("metric", "Mean")  # the same, in the metric's unit
    TIME = "time", pgettext_lazy("metric", "Time")  # seconds / denominator; median and P90 of the samples
    COUNT = "count", pgettext_lazy("metric", "Count")  # the numerator
    STOCK = "stock", pgettext_lazy("metric", "Stock")  # all numerators up to the last day


class Direction(models.TextChoices):
    """Which way is better; neither for what only says how much there was."""

    HIGHER = "higher", pgettext_lazy("metric", "Higher is better")
    LOWER = "lower", pgettext_lazy("metric", "Lower is better")
    NEITHER = "neither", pgettext_lazy("metric", "Neither is better")


class Unit(models.TextChoices):
    """What a figure counts."""

    PERCENT = "percent", pgettext_lazy("unit", "per cent")
    PER_TEN_THOUSAND = "per_10000", pgettext_lazy("unit", "per 10,000")
    SECONDS = "seconds", pgettext_lazy("unit", "seconds")
    STARS = "stars", pgettext_lazy("unit", "stars")
    ORDERS = "orders", pgettext_lazy("unit", "orders")
    TICKETS = "tickets", pgettext_lazy("unit", "tickets")
    PARCELS = "parcels", pgettext_lazy("unit", "parcels")
    REPAIRS = "repairs", pgettext_lazy("unit", "repairs")
    MONEY = "money", pgettext_lazy("unit", "hundredths of the currency")


class Verdict(models.TextChoices):
    """What the own cases of somebody prove about a metric and its limit."""

    MET = "met", pgettext_lazy("verdict", "Target met")  # the whole interval is good enough
    OPEN = (
        "open",
        pgettext_lazy("verdict", "Within what chance explains"),
    )  # the limit lies in it, or too few bad ones
    MISSED = (
        "missed",
        pgettext_lazy("verdict", "Target missed"),
    )  # the whole interval is worse, and enough bad ones
    TOO_FEW = "too_few", pgettext_lazy("verdict", "Not enough data")


class ShadowKind(models.TextChoices):
    """What is tried on a past quarter."""

    FORMULA = "formula", pgettext_lazy("shadow", "Simulation of a formula")
    RULES = "rules", pgettext_lazy("shadow", "Shadow run of rules")


class Played(models.TextChoices):
    """The parts of a run, in their order."""

    SIGNALS = "signals", pgettext_lazy("shadow", "Problems found in trade data")
    TICKETS = "tickets", pgettext_lazy("shadow", "Tickets: grades, duties, clocks")
    PEOPLE = "people", pgettext_lazy("shadow", "Dispatch to people")
    SCORES = "scores", pgettext_lazy("shadow", "Scores")
    WHOLE = "whole", pgettext_lazy("shadow", "Finished")


class Topic(models.TextChoices):
    """In what a row would have fared differently."""

    CLOCKS = "clocks", pgettext_lazy("shadow", "Clocks")
    GRADES = "grades", pgettext_lazy("shadow", "Grades of tickets")
    DUTIES = "duties", pgettext_lazy("shadow", "Duty that takes it")
    PEOPLE = "people", pgettext_lazy("shadow", "Person who gets it")
    STEPS = "steps", pgettext_lazy("shadow", "Escalations")
    SIGNALS = "signals", pgettext_lazy("shadow", "Problems found")
