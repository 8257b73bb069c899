"""Words about customers: class, gender, kinds of contact."""

from django.db.models import TextChoices
from django.utils.translation import pgettext_lazy


class CustomerClass(TextChoices):
    """R2.3. Decides who answers and how fast, never what a person is entitled to by law."""

    GENERAL = "general", pgettext_lazy("customer class", "General")
    KEY = "key", pgettext_lazy("customer class", "Key")
    SPECIAL = "special", pgettext_lazy("customer class", "Special care")


CLASS_COLOURS = {
    CustomerClass.GENERAL: "grey",
    CustomerClass.KEY: "blue",
    CustomerClass.SPECIAL: "amber",
}


class Gender(TextChoices):
    UNKNOWN = "", pgettext_lazy("gender", "Not given")
    FEMALE = "female", pgettext_lazy("gender", "Female")
    MALE = "male", pgettext_lazy("gender", "Male")


class ContactKind(TextChoices):
    NAME = "name", pgettext_lazy("contact kind", "Recipient name")
    PHONE = "phone", pgettext_lazy("contact kind", "Phone")
    EMAIL = "email", pgettext_lazy("contact kind", "E-mail")
    ADDRESS = "address", pgettext_lazy("contact kind", "Address")
    WECHAT = "wechat", pgettext_lazy("contact kind", "WeChat")


class OwnKind(TextChoices):
    """What tells that an order is an employee's own."""

    PHONE = "phone", pgettext_lazy("contact kind", "Phone")
    EMAIL = "email", pgettext_lazy("contact kind", "E-mail")
    ADDRESS = "address", pgettext_lazy("contact kind", "Address")
    WECHAT = "wechat", pgettext_lazy("contact kind", "WeChat")
    ACCOUNT = "account", pgettext_lazy("contact kind", "Account (source:id)")


class Channel(TextChoices):
    """Ways to reach a customer that he may refuse (opt-out)."""

    SMS = "sms", pgettext_lazy("contact channel", "Text message")
    EMAIL = "email", pgettext_lazy("contact channel", "E-mail")
    PHONE = "phone", pgettext_lazy("contact channel", "Phone call")
    APP = "app", pgettext_lazy("contact channel", "App message")
    SURVEY = "survey", pgettext_lazy("contact channel", "Survey")
