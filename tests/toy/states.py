from django.db.models import TextChoices


class ParcelState(TextChoices):
    PACKED = "packed", "Packed"
    SENT = "sent", "Sent"
    DELIVERED = "delivered", "Delivered"
    LOST = "lost", "Lost"


class LampState(TextChoices):
    OFF = "off", "Off"
    ON = "on", "On"
