"""Real projects: a site as ``wagtail start`` makes it, and a shop on Oscar's own source."""

from __future__ import annotations

import shutil
import subprocess
import textwrap
from pathlib import Path

from tests.projects.environments import environment_with, taken_out

WAGTAIL = ("wagtail==8.0.1",)
OSCAR = ("django-oscar==4.2.1",)

MANAGE = """\
#!/usr/bin/env python
import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sandbox.settings")

    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
"""

OSCAR_SETTINGS = '''\
"""What Oscar's own guide tells a new shop to write, and nothing more."""

from pathlib import Path

from oscar.defaults import *

BASE_DIR = Path(__file__).resolve().parent.parent
SECRET_KEY = "no secret: this shop has no customers"
DEBUG = True
SITE_ID = 1
ROOT_URLCONF = "sandbox.urls"
STATIC_URL = "static/"
USE_TZ = True

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.sites",
    "django.contrib.flatpages",
    "oscar.config.Shop",
    "oscar.apps.analytics.apps.AnalyticsConfig",
    "oscar.apps.checkout.apps.CheckoutConfig",
    "oscar.apps.address.apps.AddressConfig",
    "oscar.apps.shipping.apps.ShippingConfig",
    "oscar.apps.catalogue.apps.CatalogueConfig",
    "oscar.apps.catalogue.reviews.apps.CatalogueReviewsConfig",
    "oscar.apps.communication.apps.CommunicationConfig",
    "oscar.apps.partner.apps.PartnerConfig",
    "oscar.apps.basket.apps.BasketConfig",
    "oscar.apps.payment.apps.PaymentConfig",
    "oscar.apps.offer.apps.OfferConfig",
    "oscar.apps.order.apps.OrderConfig",
    "oscar.apps.customer.apps.CustomerConfig",
    "oscar.apps.search.apps.SearchConfig",
    "oscar.apps.voucher.apps.VoucherConfig",
    "oscar.apps.wishlists.apps.WishlistsConfig",
    "oscar.apps.dashboard.apps.DashboardConfig",
    "oscar.apps.dashboard.reports.apps.ReportsDashboardConfig",
    "oscar.apps.dashboard.users.apps.UsersDashboardConfig",
    "oscar.apps.dashboard.orders.apps.OrdersDashboardConfig",
    "oscar.apps.dashboard.catalogue.apps.CatalogueDashboardConfig",
    "oscar.apps.dashboard.offers.apps.OffersDashboardConfig",
    "oscar.apps.dashboard.partners.apps.PartnersDashboardConfig",
    "oscar.apps.dashboard.pages.apps.PagesDashboardConfig",
    "oscar.apps.dashboard.ranges.apps.RangesDashboardConfig",
    "oscar.apps.dashboard.reviews.apps.ReviewsDashboardConfig",
    "oscar.apps.dashboard.vouchers.apps.VouchersDashboardConfig",
    "oscar.apps.dashboard.communications.apps.CommunicationsDashboardConfig",
    "oscar.apps.dashboard.shipping.apps.ShippingDashboardConfig",
    "widget_tweaks",
    "haystack",
    "treebeard",
    "django_tables2",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "oscar.apps.basket.middleware.BasketMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
HAYSTACK_CONNECTIONS = {"default": {"ENGINE": "haystack.backends.simple_backend.SimpleEngine"}}
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": BASE_DIR / "db.sqlite3",
        "ATOMIC_REQUESTS": True,
    }
}
'''


def make_wagtail_site(folder: Path, *packages: str) -> None:
    """Let Wagtail make a site in ``folder``; its environment, with more packages, is ``.venv``."""
    environment = environment_with(*WAGTAIL, *packages)
    folder.mkdir(parents=True)
    subprocess.run(
        [environment / "bin/wagtail", "start", "mysite", folder],
        check=True,
        capture_output=True,
        timeout=120,
    )
    (folder / ".venv").symlink_to(environment)


def add_subtitle(folder: Path) -> None:
    """Change a model of a Wagtail site, as its tutorial does."""
    (folder / "home/models.py").write_text(
        textwrap.dedent(
            """\
            from django.db import models

            from wagtail.models import Page


            class HomePage(Page):
                subtitle = models.CharField(max_length=120, blank=True)
            """
        ),
        encoding="utf-8",
    )


def make_oscar_shop(folder: Path) -> None:
    """Make a shop whose tree holds Oscar itself, as a fork of it would."""
    environment = environment_with(*OSCAR)
    source = taken_out(environment, "oscar")
    shutil.copytree(source, folder / "oscar", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "manage.py").write_text(MANAGE, encoding="utf-8")
    sandbox = folder / "sandbox"
    sandbox.mkdir()
    (sandbox / "__init__.py").touch()
    (sandbox / "settings.py").write_text(OSCAR_SETTINGS, encoding="utf-8")
    (sandbox / "urls.py").write_text("urlpatterns = []\n", encoding="utf-8")
    (folder / ".venv").symlink_to(environment)


def add_gift_note(folder: Path) -> None:
    """Change one of Oscar's models."""
    models = folder / "oscar/apps/order/abstract_models.py"
    text = models.read_text(encoding="utf-8")
    number = '    number = models.CharField(\n        _("Order number"),'
    assert text.count(number) == 1
    field = '    gift_note = models.TextField(blank=True, default="")\n'
    models.write_text(text.replace(number, field + number), encoding="utf-8")
