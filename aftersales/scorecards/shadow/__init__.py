"""Shadow mode: drafts of rules run over a past quarter, and what would have been different. Nothing is sent.

Every part is played by the function that runs live, which takes its rules as an argument; there is no second engine.

========  ==========================================  ============================================================
part      played by                                   what it cannot know
========  ==========================================  ============================================================
signals   ``tickets.findings``                        trade data as it stands today, not as it stood on each day
grades    ``tickets.rules.graded``, ``routing.route``  rules before their last change (they are changed in place), the
                                                      customer's class of that day, words that were erased
clocks    ``clocks.services.bench.Bench``             what people would have done otherwise; merged and split tickets;
                                                      words given and letters, which no standard rules; for promises
                                                      about cases the grade of their ticket as it is now
ladder    ``clocks.ladder.rung_at``                   rungs of earlier versions: one version stands for the whole time
people    ``tickets.simulation.play``                 who was on duty in teams that a changed route would have asked:
                                                      only the people whom a record lists are judged once more
scores    ``scorecards.scores``                       figures that changed clocks would have moved: scores are counted
                                                      from the figures as they are
========  ==========================================  ============================================================

A run never writes anything but its own rows: while it plays, the database is read only (``core.readonly``), so an
event, a delivery, a notice or a job cannot come to be; gateways are asked by jobs alone.
"""
