"""The user model of a project, which Django's own apps refer to."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import Group
from django.db import models


class User(AbstractBaseUser):
    """A user who is known by a name, in groups."""

    name: models.CharField[str, str] = models.CharField(max_length=20, unique=True)
    groups = models.ManyToManyField(Group)

    USERNAME_FIELD = "name"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
