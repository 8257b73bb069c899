"""May a customer return, exchange or have repaired what he bought? Rules as rows, the answer as a pure function.

``facts`` says what is asked about, ``rule`` what a rule says, ``eligibility.judge`` answers; ``selectors`` brings the
rules in force together with the facts. Nothing here reads the clock, and nothing may know who the customer is.
"""
