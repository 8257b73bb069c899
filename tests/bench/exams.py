"""An exam drawn from a bank of 5,000 questions, answered and handed in, against its own statements in SQL."""

from collections.abc import Iterator
from itertools import count as numbers
from typing import Any

from django.db import connection, transaction

from tests import database
from tests.bench import scene
from tests.bench.automatic import undone
from tests.bench.data import NOW, Sets, copy_of
from tests.bench.measure import Result, at_least, at_most, count, race
from tests.bench.measure import statements as asked_by
from tests.bench.rows import insert
from training.models import Attempt, Exam, Question, QuestionVersion
from training.services import exams, rule_activate

BANK, TOPICS, ASKED = 5_000, 25, 20
BLUEPRINT = "\n".join(f"topic{n} | single | * | {ASKED // 4} | 5" for n in range(4))
_serials = numbers(1)


def measure(sets: Sets, effort: int) -> Iterator[Result]:
    with copy_of(sets.base) as name:
        _bank(name)
        exam, person = _exam(), scene.person("agent00")

        def start() -> Attempt:
            return exams.attempt_start(exam=exam, actor=person, now=NOW)

        taken = race(undone(start), _pool, rounds=20 * effort, warm=2)
        yield at_most(f"starting an exam of {ASKED} / reading the keys of {BANK:,} questions", taken, 10.0)
        asked = asked_by(undone(lambda: _sat(exam, person)))
        taken = race(
            undone(lambda: _sat(exam, person)), undone(lambda: _replayed(asked.statements)),
            rounds=15 * effort, warm=2,
        )  # fmt: skip
        yield at_least("an exam from start to result, speed / its statements in bare SQL", taken, 0.15)
        paper = start()
        one = asked_by(undone(lambda: _answered(paper, person, paper.items.get(place=1))))
        yield count("saving one answer, statements", len(one), 8)


def _bank(name: str) -> None:
    """Questions in force, as operations and a supervisor would have left them."""
    drafted, activated = scene.person("operations").pk, scene.person("supervisor").pk
    series, at = f"generate_series(1, {BANK}) i", f"'{NOW.isoformat()}'::timestamptz - interval '90 days'"
    with database.superuser(name) as link:
        link.execute("SET session_replication_role = replica")
        insert(link, Question, series, id="i", code="'bench-' || i", topic=f"'topic' || i % {TOPICS}")
        insert(
            link, QuestionVersion, series, id="i", question_id="i", number="1", kind="'single'", state="'active'",
            text="'第' || i || '题：签收后第几天仍可申请七天无理由退货？'", difficulty="1 + i % 5",
            options="ARRAY['第 7 天', '第 10 天', '第 15 天', '第 30 天']", right="'{0}'", valid_from=at,
            drafted_by_id=str(drafted), drafted_at=at, activated_by_id=str(activated), activated_at=at,
            source_ref="'bench'", source_zh="'bench'", source_en="'bench'",
        )  # fmt: skip
        link.commit()
        link.autocommit = True
        link.execute(f"VACUUM ANALYZE {Question._meta.db_table}, {QuestionVersion._meta.db_table}")


def _exam() -> Exam:
    draft = exams.exam_create(
        code="bench", name_zh="压测考试", name_en="Bench", blueprint=BLUEPRINT, minutes=60, pass_percent=60,
        partial="none", tries=None, wait_hours=0, actor=scene.person("operations"), now=NOW,
    )  # fmt: skip
    rule_activate(draft=draft, actor=scene.person("supervisor"), now=NOW)
    return Exam.objects.get(code="bench")


def _sat(exam: Exam, person: Any) -> None:
    paper = exams.attempt_start(exam=exam, actor=person, now=NOW)
    for item in paper.items.order_by("place"):
        _answered(paper, person, item)
    done = exams.attempt_submit(attempt=paper, actor=person, now=NOW)
    if not (done.passed and done.score == ASKED * 5):
        raise RuntimeError(f"{done.state}, {done.score} points: the sitting that was measured is wrong")


def _answered(paper: Attempt, person: Any, item: Any) -> None:
    exams.answer_save(
        attempt=paper, place=item.place, actor=person, now=NOW, picked=item.key, serial=next(_serials)
    )


def _pool() -> None:
    """The columns that a paper is drawn by, of every question in force."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT v.id, q.topic, v.kind, v.difficulty FROM training_questionversion v"
            " JOIN training_question q ON q.id = v.question_id WHERE v.state = 'active' ORDER BY v.id"
        )
        if len(cursor.fetchall()) != BANK:
            raise RuntimeError("the bank that was measured is wrong")


def _replayed(asked: list[tuple[str, Any]]) -> None:
    """The same statements with the same values, sent by nobody but the driver."""
    with transaction.atomic(), connection.cursor() as cursor:
        for sql, params in asked:
            cursor.execute(sql, params)
            if cursor.description:
                cursor.fetchall()
