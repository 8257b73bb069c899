"""What of this room merchants read: what is taught, and the places and papers of their own people."""

from aftersales.core.rowpolicies import show, through

for name in ("Course", "CourseVersion", "CourseFile", "Run", "Exam", "ExamVersion", "Number"):
    show(f"training.{name}", why="courses, runs and exams are the same for everybody who takes them")
for name in ("Seat", "Attempt"):
    table = f"training_{name.lower()}"
    show(
        f"training.{name}",
        f"EXISTS (SELECT FROM merchants_merchantmember own WHERE own.user_id = {table}.person_id "
        "AND own.merchant_id = %(me)s AND own.active_to IS NULL)",
    )
show("training.Item", through("training_item", "attempt_id", "training_attempt"), hidden=("key",))
show(
    "training.QuestionVersion",
    "EXISTS (SELECT FROM training_item asked WHERE asked.question_version_id = training_questionversion.id)",
    hidden=("right", "model_answer", "explanation"),
)
