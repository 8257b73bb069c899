"""What the database itself holds of the money of cases, whoever writes: nothing is agreed beyond what was paid.

Sums are judged at the commit, under the lock of the account: services write accounts, lines and case in their own
order. What goes beyond the order (compensation, return freight) no account bounds; there, and everywhere else, a case
gives what the last recorded decision of it says. Not held here: ``orders_order.paid``, which the shop tells, and an
event that somebody forges, which stays to be seen.
"""

import pgtrigger

CHECK = "USING ERRCODE = 'check_violation'"
DECISIONS = "'case.approved', 'case.turned', 'case.settled', 'case.rejected', 'case.withdrawn'"
"""Events that say in all what a case gives; *freight agreed* adds to it."""

_ORDER_HOLDS = f"""
    SELECT a.granted, a.freight_granted INTO held, carriage
      FROM cases_orderaccount a WHERE a.order_id = NEW.order_id FOR UPDATE;
    SELECT sum(c.agreed - c.agreed_extra), sum(c.agreed_freight) INTO goods, freight
      FROM cases_case c WHERE c.order_id = NEW.order_id;
    IF goods > coalesce(held, 0) OR freight > coalesce(carriage, 0) THEN
        RAISE EXCEPTION 'cases of order % give more than its account holds', NEW.order_id {CHECK};
    END IF;
    RETURN NULL;
"""  # noqa: S608 - no values
_LINE_HOLDS = f"""
    SELECT a.granted INTO held FROM cases_lineaccount a WHERE a.line_id = NEW.line_id FOR UPDATE;
    SELECT sum(l.agreed) INTO goods FROM cases_caseline l WHERE l.line_id = NEW.line_id;
    IF goods > coalesce(held, 0) THEN
        RAISE EXCEPTION 'cases of order line % give more than its account holds', NEW.line_id {CHECK};
    END IF;
    RETURN NULL;
"""  # noqa: S608 - no values
_ORDER_SUMS = [(name, "numeric") for name in ("held", "carriage", "goods", "freight")]
_LINE_SUMS = [("held", "numeric"), ("goods", "numeric")]


def _at_commit(
    name: str, condition: str, func: str, declare: list[tuple[str, str]] | None = None
) -> pgtrigger.Trigger:
    return pgtrigger.Trigger(
        name=name,
        when=pgtrigger.After,
        operation=pgtrigger.Update,
        timing=pgtrigger.Deferred,
        condition=pgtrigger.Condition(condition),
        declare=declare,
        func=func,
    )


def _empty(condition: str) -> pgtrigger.Trigger:
    return pgtrigger.Trigger(
        name="opened_empty",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        condition=pgtrigger.Condition(condition),
        func=f"RAISE EXCEPTION 'nothing is agreed before a case is decided' {CHECK};",
    )


def case_triggers() -> list[pgtrigger.Trigger]:
    """A case gives more only by a recorded decision, and all cases of an order no more than its account holds."""
    return [
        _empty("NEW.agreed <> 0 OR NEW.paying <> 0"),
        _at_commit(
            "agreed_as_decided",
            "NEW.agreed > OLD.agreed",
            f"""
                SELECT CASE WHEN e.kind IN ('case.rejected', 'case.withdrawn') THEN 0
                            ELSE (e.payload ->> 'amount')::numeric END, e.id
                  INTO told, since FROM core_event e
                 WHERE e.subject_kind = 'cases.case' AND e.subject_id = NEW.id AND e.kind IN ({DECISIONS})
                 ORDER BY e.id DESC LIMIT 1;
                SELECT coalesce(told, 0) + coalesce(sum((e.payload ->> 'amount')::numeric), 0) INTO told
                  FROM core_event e
                 WHERE e.subject_kind = 'cases.case' AND e.subject_id = NEW.id AND e.kind = 'case.freight_agreed'
                   AND e.id > coalesce(since, 0);
                IF (SELECT c.agreed FROM cases_case c WHERE c.id = NEW.id) > told THEN
                    RAISE EXCEPTION 'case % gives more than was decided', NEW.id {CHECK};
                END IF;
                RETURN NULL;
            """,  # noqa: S608 - codes of this room
            [("told", "numeric"), ("since", "bigint")],
        ),
        _at_commit(
            "within_order",
            "NEW.agreed - NEW.agreed_extra > OLD.agreed - OLD.agreed_extra"
            " OR NEW.agreed_freight > OLD.agreed_freight OR NEW.order_id IS DISTINCT FROM OLD.order_id",
            _ORDER_HOLDS,
            _ORDER_SUMS,
        ),
    ]


def line_triggers() -> list[pgtrigger.Trigger]:
    """Pieces are worth what was paid for them; a refused case alone values them anew, when it takes them again."""
    return [
        _empty("NEW.agreed <> 0"),
        pgtrigger.Trigger(
            name="value_paid",
            when=pgtrigger.Before,
            operation=pgtrigger.Insert | pgtrigger.Update,
            func=f"""
                IF TG_OP = 'UPDATE' THEN
                    IF (NEW.case_id, NEW.line_id, NEW.announced, NEW.value)
                       IS NOT DISTINCT FROM (OLD.case_id, OLD.line_id, OLD.announced, OLD.value) THEN
                        RETURN NEW;
                    END IF;
                    IF (NEW.case_id, NEW.line_id, NEW.announced) IS DISTINCT FROM
                       (OLD.case_id, OLD.line_id, OLD.announced)
                       OR (SELECT c.state FROM cases_case c WHERE c.id = NEW.case_id) <> 'rejected' THEN
                        RAISE EXCEPTION 'the pieces of case % stand', NEW.case_id {CHECK};
                    END IF;
                END IF;
                IF NEW.value > (SELECT a.paid FROM cases_lineaccount a WHERE a.line_id = NEW.line_id) THEN
                    RAISE EXCEPTION 'pieces of order line % are worth what was paid', NEW.line_id {CHECK};
                END IF;
                RETURN NEW;
            """,  # noqa: S608 - no values
        ),
        _at_commit("within_line", "NEW.agreed > OLD.agreed", _LINE_HOLDS, _LINE_SUMS),
    ]


def _paid_as_told(told: str, columns: tuple[str, ...]) -> pgtrigger.Trigger:
    """What was paid rises to what the shop tells, never beyond; the account may stay above what it tells later."""
    raised = " OR ".join(
        f"((TG_OP = 'INSERT' OR NEW.{name} > OLD.{name}) AND NEW.{name} > told)" for name in columns
    )
    return pgtrigger.Trigger(
        name="paid_as_told",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.Update,
        declare=[("told", "numeric")],
        func=f"""
            {told}
            IF {raised} THEN
                RAISE EXCEPTION '% holds more than was paid for the order', TG_TABLE_NAME {CHECK};
            END IF;
            RETURN NEW;
        """,
    )


def order_account_triggers() -> list[pgtrigger.Trigger]:
    """Held is what the cases of the order give, out of what was paid for it."""
    return [
        _paid_as_told(
            "SELECT o.paid INTO told FROM orders_order o WHERE o.id = NEW.order_id;", ("paid", "freight")
        ),
        _at_commit(
            "holds_cases",
            "NEW.granted < OLD.granted OR NEW.freight_granted < OLD.freight_granted",
            _ORDER_HOLDS,
            _ORDER_SUMS,
        ),
    ]


def line_account_triggers() -> list[pgtrigger.Trigger]:
    """The same of an order line."""
    return [
        _paid_as_told(
            "SELECT o.paid INTO told FROM orders_orderline l JOIN orders_order o ON o.id = l.order_id"
            " WHERE l.id = NEW.line_id;",
            ("paid",),
        ),
        _at_commit("holds_cases", "NEW.granted < OLD.granted", _LINE_HOLDS, _LINE_SUMS),
    ]
