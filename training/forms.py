"""What a person types to draft a rule of this room or to grant a certificate."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts import capabilities
from accounts.models import User
from accounts.states import STAFF_ROLES, Duty
from aftersales.core.posted import YEARS, whole
from aftersales.core.rulebook import RuleState
from training import metrics
from training.models import Course, Exam, Rubric, Tier
from training.states import CourseKind, OrderReason, Partial, QuestionKind, Severity

ALL = _("None ticked means all.")
SPAN = [
    MinValueValidator(datetime(YEARS.start, 1, 1, tzinfo=UTC)),
    MaxValueValidator(datetime(YEARS.stop, 1, 1, tzinfo=UTC)),
]


def _boxes(label: Any, choices: Any = (), hint: Any = ALL) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=label, choices=choices, required=False, widget=forms.CheckboxSelectMultiple, help_text=hint
    )


def _score(label: Any, highest: int) -> forms.DecimalField:
    return forms.DecimalField(
        label=label, required=False, min_value=0, max_value=highest, max_digits=5, decimal_places=2,
        help_text=_("Empty: not asked for."),
    )  # fmt: skip


def _amount(label: Any, hint: Any = "") -> forms.DecimalField:
    return forms.DecimalField(
        label=label, required=False, min_value=0, max_digits=14, decimal_places=2, help_text=hint
    )


def _moment(label: Any, **more: Any) -> forms.DateTimeField:
    """A moment in years that the calendar and the database can reckon with."""
    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    return forms.DateTimeField(label=label, widget=widget, validators=SPAN, **more)


class DraftForm(forms.Form):
    """Terms of a draft and why."""

    def __init__(self, *args: Any, start: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"] = forms.CharField(
            label=_("Reason for the change"), widget=forms.Textarea, max_length=2000
        )
        if start is not None and not self.is_bound:
            self.initial = {
                name: getattr(start, name) for name in self.fields if name not in {"reason", "tier"}
            }
            if "tier" in self.fields:
                self.initial["tier"] = start.tier_id
            self.initial["reason"] = start.change_reason if start.state == RuleState.DRAFT else ""

    def terms(self) -> dict[str, Any]:
        """What goes into the draft."""
        return {name: value for name, value in self.cleaned_data.items() if name != "reason"}


class LimitForm(DraftForm):
    per_decision = _amount(_("Per decision"), _("Empty: any amount."))
    per_day = _amount(_("Per day and person"), _("Empty: any amount."))
    per_customer = _amount(_("Per customer"), _("What anybody gave him counts."))
    customer_days = forms.IntegerField(label=_("Days that count per customer"), min_value=1, max_value=3650)
    four_eyes_above = _amount(_("Two persons above"), _("Empty: never; 0: always."))
    severities = forms.MultipleChoiceField(
        label=pgettext_lazy("rule", "Severity"), choices=Severity.choices, required=False,
        widget=forms.CheckboxSelectMultiple, help_text=_("None ticked means all."),
    )  # fmt: skip


class TierForm(DraftForm):
    rank = forms.IntegerField(label=_("Rank"), min_value=0, max_value=1000)
    counts_as_senior = forms.BooleanField(label=_("Counts as senior"), required=False)
    valid_months = forms.IntegerField(label=_("A certificate lasts (months)"), min_value=1, max_value=120)
    warn_days = forms.IntegerField(label=_("End announced (days before)"), min_value=0, max_value=365)
    hours = forms.DecimalField(label=_("Hours of training"), min_value=0, max_digits=6, decimal_places=2)
    courses = _boxes(_("Courses in date"), hint="")
    exams = _boxes(_("Exams passed"), hint="")
    rubrics = _boxes(_("Practical assessments passed"), hint="")
    handled = forms.IntegerField(label=_("Tickets handled"), min_value=0, max_value=100_000)
    satisfaction = _score(_("Satisfaction (1 to 5)"), 5)
    inspection = _score(_("Inspection score (to 100)"), 100)
    figure_days = forms.IntegerField(label=_("Days that figures count"), min_value=1, max_value=1095)
    sample = forms.IntegerField(label=_("Marks that a mean needs"), min_value=1, max_value=10_000)
    days_below = forms.IntegerField(label=_("Days in the tiers below"), min_value=0, max_value=3650)
    no_suspension = forms.BooleanField(label=_("No suspended certificate"), required=False)
    recertify_days = forms.IntegerField(
        label=_("Examined anew within (days)"), min_value=1, max_value=365,
        help_text=_("After a new version of its exam came into force."),
    )  # fmt: skip
    duties = _boxes(_("Only for these duties"), Duty.choices)
    latest_end = _moment(
        _("Temporary: ends at the latest"), required=False,
        help_text=_("For a campaign: no certificate of this tier outlives it. Empty: not temporary."),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, model in (("courses", Course), ("exams", Exam), ("rubrics", Rubric)):
            self.fields[name].choices = [(row.code, row.name) for row in model.objects.all()]  # type: ignore[attr-defined]


class RequirementForm(DraftForm):
    tier = forms.ModelChoiceField(label=_("Asks for"), queryset=Tier.objects.none())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["tier"].queryset = Tier.objects.all()  # type: ignore[attr-defined]


class GrantForm(forms.Form):
    """A certificate for somebody else."""

    tier = forms.ModelChoiceField(label=pgettext_lazy("training", "Tier"), queryset=Tier.objects.none())
    duties = forms.MultipleChoiceField(
        label=pgettext_lazy("training", "Duties"), choices=Duty.choices, required=False,
        widget=forms.CheckboxSelectMultiple, help_text=_("None ticked means all."),
    )  # fmt: skip
    valid_from = _moment(
        pgettext_lazy("training", "Valid from"), required=False, help_text=_("Empty means at once.")
    )
    reason = forms.CharField(
        label=pgettext_lazy("rule", "Reason"), widget=forms.Textarea, max_length=500, required=False
    )
    by_exception = forms.BooleanField(
        label=_("Propose an exception where something is missing"), required=False,
        help_text=_("It counts once a second person has confirmed it. Say why above."),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["tier"].queryset = Tier.objects.all()  # type: ignore[attr-defined]


def _text(label: Any, hint: Any = "") -> forms.CharField:
    return forms.CharField(
        label=label, required=False, max_length=40_000, widget=forms.Textarea, help_text=hint
    )


class NumberForm(DraftForm):
    value = forms.DecimalField(label=_("Value"), min_value=0, max_digits=9, decimal_places=2)


class CourseForm(DraftForm):
    """What a version of a course teaches to whom."""

    hours = forms.DecimalField(label=_("Hours"), min_value=0, max_value=400, max_digits=5, decimal_places=2)
    refresh_months = forms.IntegerField(
        label=_("Counts for (months)"), min_value=1, max_value=120, required=False,
        help_text=_("Empty: for ever."),
    )  # fmt: skip
    exam = forms.ModelChoiceField(
        label=pgettext_lazy("exam", "Exam"), queryset=Exam.objects.none(), required=False,
        empty_label=pgettext_lazy("exam", "none"),
        help_text=_("Sat before and after a run, it shows what people learned."),
    )  # fmt: skip
    duties = _boxes(pgettext_lazy("training", "Duties"), Duty.choices)
    tiers = _boxes(pgettext_lazy("training", "Tiers"), ())
    syllabus = _text(_("Syllabus"))
    material = _text(_("Material"), _("# heading, - list, **bold**; addresses become links."))
    links = _text(_("Links"), _("One address on each line."))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["tiers"].choices = [(tier.code, tier.name) for tier in Tier.objects.all()]  # type: ignore[attr-defined]
        self.fields["exam"].queryset = Exam.objects.all()  # type: ignore[attr-defined]


class NewCourseForm(CourseForm):
    code = forms.SlugField(
        label=pgettext_lazy("course", "Code"),
        max_length=60,
        help_text=_("Latin letters, digits and hyphens."),
    )
    name_zh = forms.CharField(label=_("Chinese name"), max_length=80)
    name_en = forms.CharField(label=_("English name"), max_length=80)
    kind = forms.ChoiceField(label=_("Kind of course"), choices=CourseKind.choices)
    field_order = ("code", "kind", "name_zh", "name_en", "hours", "refresh_months")


class RunForm(forms.Form):
    """When, where, by whom and for how many a course is held."""

    starts_at = _moment(pgettext_lazy("training", "From"))
    ends_at = _moment(pgettext_lazy("training", "Until"))
    trainer = forms.ModelChoiceField(label=pgettext_lazy("training", "Trainer"), queryset=User.objects.none())
    places = forms.IntegerField(label=_("Places"), min_value=1, max_value=1000, initial=20)
    place = forms.CharField(label=pgettext_lazy("training", "Place"), max_length=120, required=False)
    link = forms.URLField(
        label=pgettext_lazy("training", "Link"), max_length=300, required=False, assume_scheme="https"
    )
    budget = _amount(_("Budget"))
    cost_per_head = _amount(_("Cost per head"))

    def __init__(self, *args: Any, run: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        able = User.objects.active().with_role(*capabilities.TABLE["training.mark"])
        self.fields["trainer"].queryset = able.order_by("display_name")  # type: ignore[attr-defined]
        if run is not None and not self.is_bound:
            self.initial = {name: getattr(run, name) for name in self.fields if name != "trainer"}
            self.initial["trainer"] = run.trainer_id


class EnrolForm(forms.Form):
    """Colleagues for a run, as far as this person sees them."""

    people = forms.ModelMultipleChoiceField(
        label=_("People"), queryset=User.objects.none(), widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        found = User.objects.visible_to(user).active().with_role(*STAFF_ROLES)
        self.fields["people"].queryset = found.order_by("display_name")  # type: ignore[attr-defined]


class ExamForm(DraftForm):
    """How an exam is drawn, timed and marked."""

    blueprint = forms.CharField(
        label=_("Blueprint"), max_length=8000, widget=forms.Textarea,
        help_text=_("A line for each part: topic | kind | difficulty | questions | points each; * is any."),
    )  # fmt: skip
    minutes = forms.IntegerField(label=_("Minutes"), min_value=1, max_value=600, initial=60)
    pass_percent = forms.IntegerField(
        label=_("Passed from (percent)"), min_value=1, max_value=100, initial=80
    )
    partial = forms.ChoiceField(label=_("Partial credit"), choices=Partial.choices)
    tries = forms.IntegerField(
        label=_("Tries"), min_value=1, max_value=99, required=False, help_text=_("Empty: as often as needed.")
    )
    wait_hours = forms.IntegerField(
        label=_("Hours between two tries"), min_value=0, max_value=2000, initial=24
    )
    appeal_days = forms.IntegerField(label=_("Days to appeal"), min_value=0, max_value=90, initial=7)


class NewExamForm(ExamForm):
    code = forms.SlugField(
        label=pgettext_lazy("course", "Code"),
        max_length=60,
        help_text=_("Latin letters, digits and hyphens."),
    )
    name_zh = forms.CharField(label=_("Chinese name"), max_length=80)
    name_en = forms.CharField(label=_("English name"), max_length=80)
    field_order = ("code", "name_zh", "name_en", "blueprint")


class RubricForm(DraftForm):
    """What is looked at, and how far two assessors may lie apart."""

    criteria = forms.CharField(
        label=_("Criteria"), max_length=8000, widget=forms.Textarea,
        help_text=_("A line for each: criterion | points, such as: tone | 10."),
    )  # fmt: skip
    pass_percent = forms.IntegerField(
        label=_("Passed from (percent)"), min_value=1, max_value=100, initial=80
    )
    gap_percent = forms.IntegerField(
        label=_("Third assessor from (percent apart)"), min_value=0, max_value=100, initial=15
    )


class NewRubricForm(RubricForm):
    code = forms.SlugField(
        label=pgettext_lazy("course", "Code"),
        max_length=60,
        help_text=_("Latin letters, digits and hyphens."),
    )
    name_zh = forms.CharField(label=_("Chinese name"), max_length=80)
    name_en = forms.CharField(label=_("English name"), max_length=80)
    field_order = ("code", "name_zh", "name_en", "criteria")


def _assessors() -> Any:
    able = User.objects.active().with_role(*capabilities.TABLE["training.mark_exams"])
    return able.order_by("display_name")


class AssessmentForm(forms.Form):
    """Who is watched at what, by whom."""

    rubric = forms.ModelChoiceField(label=_("Rubric"), queryset=Rubric.objects.none())
    person = forms.ModelChoiceField(label=_("Who is watched"), queryset=User.objects.none())
    task = forms.CharField(label=pgettext_lazy("practical", "Task"), max_length=400)
    first = forms.ModelChoiceField(label=_("First assessor"), queryset=User.objects.none())
    second = forms.ModelChoiceField(label=_("Second assessor"), queryset=User.objects.none())

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows: dict[str, Any] = {
            "rubric": Rubric.objects.all(),
            "person": User.objects.visible_to(user).active().with_role(*STAFF_ROLES).order_by("display_name"),
            "first": _assessors(),
            "second": _assessors(),
        }
        for name, found in rows.items():
            self.fields[name].queryset = found  # type: ignore[attr-defined]


class OrderForm(forms.Form):
    """Who is to be trained again in what, by when, and by which figure it is judged."""

    person = forms.ModelChoiceField(label=pgettext_lazy("retraining", "Who"), queryset=User.objects.none())
    course = forms.ModelChoiceField(label=pgettext_lazy("training", "Course"), queryset=Course.objects.none())
    reason_code = forms.ChoiceField(label=pgettext_lazy("retraining", "Why"), choices=OrderReason)
    deadline = forms.DateField(
        label=_("Last day"),
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("Until the end of that day."),
        validators=[MaxValueValidator(date(YEARS.stop, 1, 1))],
    )
    metric = forms.ChoiceField(
        label=_("Judged by"), help_text=_("Compared before the order and after the training.")
    )
    reason = forms.CharField(
        label=pgettext_lazy("rule", "Reason"), max_length=2000, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        seen = User.objects.visible_to(user).active().with_role(*STAFF_ROLES).exclude(pk=user.pk)
        rows: dict[str, Any] = {
            "person": seen.order_by("display_name"),
            "course": Course.objects.visible_to(user),
        }
        for name, found in rows.items():
            self.fields[name].queryset = found  # type: ignore[attr-defined]
        figures = [(one.code, one.label) for one in metrics.declared() if one.way is not metrics.Way.SUM]
        self.fields["metric"].choices = figures  # type: ignore[attr-defined]


class ThirdForm(forms.Form):
    assessor = forms.ModelChoiceField(label=_("Third assessor"), queryset=User.objects.none())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["assessor"].queryset = _assessors()  # type: ignore[attr-defined]


class QuestionForm(DraftForm):
    """A question as its author types it: options on lines, the right ones by their numbers."""

    kind = forms.ChoiceField(label=_("Kind of question"), choices=QuestionKind.choices)
    difficulty = forms.IntegerField(
        label=_("Difficulty"), min_value=1, max_value=5, initial=2, help_text=_("1 is easy, 5 is hard.")
    )
    text = forms.CharField(label=_("Question"), max_length=4000, widget=forms.Textarea)
    options = _text(_("Options"), _("Each on its own line; none for a short text."))
    right = forms.CharField(
        label=_("Right"), required=False, max_length=200,
        help_text=_("Numbers of the right lines, such as 1,3; for an order all of them in the right order."),
    )  # fmt: skip
    model_answer = _text(_("Model answer"), _("For short texts: what a full answer says."))
    explanation = _text(_("Explanation"), _("Shown with the result."))
    cites = forms.CharField(
        label=_("Rule it is about"),
        required=False,
        max_length=80,
        help_text=_("For example return.default v2."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.initial.get("options"):
            self.initial["options"] = "\n".join(self.initial["options"])
            self.initial["right"] = ", ".join(str(place + 1) for place in self.initial["right"])

    def clean_right(self) -> list[int]:
        """Places from 0 for what is typed from 1."""
        typed = self.cleaned_data["right"].replace("，", ",").replace("、", ",").split(",")
        numbers = [whole(one.strip()) for one in typed if one.strip()]
        if any(not number for number in numbers):
            raise forms.ValidationError(_("Write numbers of lines, such as 1,3."))
        return [number - 1 for number in numbers if number]

    def terms_and_key(self) -> dict[str, Any]:
        """What goes into the draft, options as a list."""
        found = dict(self.cleaned_data)
        found["options"] = [line.strip() for line in found["options"].splitlines() if line.strip()]
        return found


class NewQuestionForm(QuestionForm):
    code = forms.SlugField(
        label=pgettext_lazy("course", "Code"),
        max_length=60,
        help_text=_("Latin letters, digits and hyphens."),
    )
    topic = forms.CharField(label=pgettext_lazy("exam", "Topic"), max_length=40)
    field_order = ("code", "topic", "kind", "difficulty", "text", "options", "right")
