"""Erlang's formulas: how many people must be there so that most callers hardly wait (R1.5, R3.4).

Load ``a`` in Erlang is contacts an hour times handling time in hours. The recursion never meets a factorial, so that it
holds for thousands of people; probabilities stay between 0 and 1.
"""

from math import exp, floor

MOST = 100_000  # people; a larger load is a typing error


def blocked(people: int, load: float) -> float:
    """Erlang B: the share of contacts that find everybody busy and go away.

    B(0) = 1, B(n) = aB(n−1) / (n + aB(n−1)): each step lies between 0 and 1 and loses no digits.
    """
    _judge(load)
    share = 1.0
    for n in range(1, people + 1):
        share = load * share / (n + load * share)
    return share


def waits(people: int, load: float) -> float:
    """Erlang C: the share of contacts that must wait; all of them when there are too few people."""
    _judge(load)
    if load == 0:
        return 0.0
    return 1.0 if people <= load else _waits(blocked(people, load), people, load)


def _waits(share: float, people: int, load: float) -> float:
    return people * share / (people - load * (1 - share))


def answered_within(people: int, load: float, handling: float, seconds: float) -> float:
    """The share of contacts answered within so many seconds; ``handling`` is the average time of one, in seconds."""
    return _answered(waits(people, load), people, load, handling, seconds)


def _answered(share: float, people: int, load: float, handling: float, seconds: float) -> float:
    if load == 0:
        return 1.0
    if people <= load or handling <= 0:
        return 0.0
    return 1 - share * exp(-(people - load) * seconds / handling)


def average_wait(people: int, load: float, handling: float) -> float:
    """The average wait of all contacts in seconds; infinite when there are too few people."""
    if load == 0:
        return 0.0
    return waits(people, load) * handling / (people - load) if people > load else float("inf")


def load_of(contacts: float, handling: float) -> float:
    """Erlang of so many contacts an hour, each of ``handling`` seconds."""
    return contacts * handling / 3600


def people_needed(contacts: float, handling: float, share: float, seconds: float) -> int:
    """The fewest people who answer ``share`` (below 1) of the contacts of an hour within so many seconds.

    One walk along the recursion: n people are judged from n − 1.
    """
    load = load_of(contacts, handling)
    _judge(load)
    if load == 0:
        return 0
    if not 0 <= share < 1:
        raise ValueError("the share lies between 0 and 1")
    blocked_share, n = 1.0, 0
    while n < MOST:
        n += 1
        blocked_share = load * blocked_share / (n + load * blocked_share)
        if n <= floor(load) or n <= load:
            continue
        if _answered(_waits(blocked_share, n, load), n, load, handling, seconds) >= share:
            return n
    raise ValueError("the load is beyond any department")


def _judge(load: float) -> None:
    if not 0 <= load < MOST:
        raise ValueError("a load is a number of Erlang, not negative")
