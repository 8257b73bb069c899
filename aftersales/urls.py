"""Every address of the product. Each name has a row in the permission matrix (tests/architecture)."""

from django.contrib import admin
from django.urls import path

urlpatterns = [
    path("admin/", admin.site.urls),
]
