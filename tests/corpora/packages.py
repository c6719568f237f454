"""Real histories from the package index, and the environments of real projects.

All is kept in the folder that ``MIGRATION_CORPORA`` names, else in the user's cache folder, so
that it is downloaded once. ``python -m tests.corpora.packages`` fetches all of it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import textwrap
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple


def corpora_folder() -> Path:
    """Return where everything is kept."""
    named = os.environ.get("MIGRATION_CORPORA")
    return Path(named) if named else Path.home() / ".cache/django-migration-workflow/corpora"


class Corpus(NamedTuple):
    """A package that ships migrations, and how many of them and of apps are in its wheel.

    ``open_apps`` are those in which dependencies are computed, so that nothing certain can
    be told of their leaves.
    """

    requirement: str
    apps: int
    migrations: int
    open_apps: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        return self.requirement.partition("==")[0]


CORPORA = (
    Corpus("django-oscar==4.2.1", 14, 134),
    Corpus("geonode==5.1.1", 23, 393),
    Corpus("label-studio==1.23.2", 17, 227),
    Corpus("mayan-edms==4.12.2", 58, 531),
    Corpus("nautobot==3.2.7", 12, 384),
    Corpus("openedx-core==0.36.0", 11, 55),
    Corpus("pretix==2026.8.0", 14, 431),
    Corpus("pulpcore==3.123.1", 3, 80),
    Corpus("sentry==23.7.1", 4, 332),
    Corpus("wagtail==8.0.1", 12, 207),
    Corpus("weblate==5.14.3", 19, 123),
)


def tree_of(corpus: Corpus) -> Path:
    """Return the unpacked package, downloaded where it is not there yet."""
    tree = corpora_folder() / "trees" / corpus.requirement
    if not tree.is_dir():
        archive = _downloaded(corpus)
        partial = tree.with_name(f"{tree.name}.partial-{os.getpid()}")
        partial.mkdir(parents=True)
        _unpack(archive, partial)
        partial.rename(tree)
    return tree


def _downloaded(corpus: Corpus) -> Path:
    folder = corpora_folder() / "archives" / corpus.requirement
    if not folder.is_dir() or not any(folder.iterdir()):
        folder.mkdir(parents=True, exist_ok=True)
        words = ["-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder)]
        _run([sys.executable, *words, corpus.requirement])
    (archive,) = (path for path in folder.iterdir() if path.suffix in {".whl", ".gz", ".zip"})
    return archive


def _unpack(archive: Path, folder: Path) -> None:
    if archive.suffix == ".gz":
        with tarfile.open(archive) as tar:
            tar.extractall(folder, filter="data")
    else:
        with zipfile.ZipFile(archive) as wheel:
            wheel.extractall(folder)


class Project(NamedTuple):
    """A project that is installed with all it needs, to ask Django itself.

    ``package`` is the folder in ``site-packages`` that is read as the project. ``settings`` is
    the settings module, whose ``text`` is written where the project ships none.
    ``path`` is a folder in ``site-packages`` that its imports start from, too.
    """

    name: str
    requirements: tuple[str, ...]
    package: str
    settings: str
    text: str = ""
    path: str = ""


DATABASE = 'DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}\n'
CONTRIB = ["admin", "auth", "contenttypes", "sessions", "messages", "staticfiles", "sites"]
WAGTAIL = ["forms", "redirects", "settings", "search_promotions", "simple_translation"]
OSCAR = """
    analytics.Analytics checkout.Checkout address.Address shipping.Shipping catalogue.Catalogue
    catalogue.reviews.CatalogueReviews communication.Communication partner.Partner basket.Basket
    payment.Payment offer.Offer order.Order customer.Customer search.Search voucher.Voucher
    wishlists.Wishlists dashboard.Dashboard dashboard.reports.ReportsDashboard
    dashboard.users.UsersDashboard dashboard.orders.OrdersDashboard
    dashboard.catalogue.CatalogueDashboard dashboard.offers.OffersDashboard
    dashboard.partners.PartnersDashboard dashboard.pages.PagesDashboard
    dashboard.ranges.RangesDashboard dashboard.reviews.ReviewsDashboard
    dashboard.vouchers.VouchersDashboard dashboard.communications.CommunicationsDashboard
    dashboard.shipping.ShippingDashboard
"""


def _oscar_apps() -> list[str]:
    named = [name.rpartition(".") for name in OSCAR.split()]
    return [f"oscar.apps.{folder}.apps.{name}Config" for folder, _, name in named]


def _installed(*apps: str) -> str:
    contrib = [f"django.contrib.{name}" for name in CONTRIB]
    plain = "SECRET_KEY = 'x'\nSTATIC_URL = '/static/'\n"
    return f"{plain}INSTALLED_APPS = {[*apps, *contrib]!r}\n{DATABASE}"


PROJECTS = (
    Project(
        "wagtail",
        ("wagtail==8.0.1",),
        "wagtail",
        "corpus_settings",
        _installed(
            *(f"wagtail.contrib.{name}" for name in WAGTAIL),
            *("wagtail.embeds", "wagtail.sites", "wagtail.users", "wagtail.snippets"),
            *("wagtail.documents", "wagtail.images", "wagtail.search", "wagtail.locales"),
            *("wagtail.admin", "wagtail", "modelcluster", "taggit"),
        ),
    ),
    Project(
        "django-oscar",
        ("django-oscar[sorl-thumbnail]==4.2.1", "sorl-thumbnail"),
        "oscar",
        "corpus_settings",
        "from oscar.defaults import *\n"
        + _installed(
            "django.contrib.flatpages",
            "oscar.config.Shop",
            *_oscar_apps(),
            *("widget_tweaks", "haystack", "treebeard", "sorl.thumbnail", "django_tables2"),
        )
        + "ENGINE = 'haystack.backends.simple_backend.SimpleEngine'\n"
        "HAYSTACK_CONNECTIONS = {'default': {'ENGINE': ENGINE}}\n",
    ),
    Project("pretix", ("pretix==2026.8.0",), "pretix", "pretix.settings"),
    Project("nautobot", ("nautobot==3.2.7",), "nautobot", "nautobot.core.settings"),
    Project(
        "label-studio",
        ("label-studio==1.23.2",),
        "label_studio",
        "core.settings.label_studio",
        path="label_studio",
    ),
)


def python_of(project: Project) -> Path:
    """Return the Python of the project's environment, made where it is not there yet."""
    folder = corpora_folder() / "environments" / project.name
    python = folder / "bin/python"
    if not (folder / "complete").is_file():
        _run([sys.executable, "-m", "venv", "--clear", str(folder)])
        _run([str(python), "-m", "pip", "install", "--quiet", *project.requirements])
        (folder / "complete").touch()
    return python


def site_packages_of(project: Project) -> Path:
    """Return the folder that the project's packages are installed in."""
    code = "import sysconfig; print(sysconfig.get_paths()['purelib'])"
    return Path(_run([str(python_of(project)), "-c", code]).strip())


def ask_django(project: Project, scratch: Path) -> str:
    """Return what Django's loader says of the project, as JSON."""
    if project.text:
        (scratch / "corpus_settings.py").write_text(textwrap.dedent(project.text))
    places = [scratch, site_packages_of(project) / project.path]
    path = {"PYTHONPATH": os.pathsep.join(map(str, places)), "HOME": str(scratch)}
    program = Path(__file__).with_name("ask_django.py")
    return _run([str(python_of(project)), str(program), project.settings], path)


def _run(words: list[str], variables: Mapping[str, str] | None = None) -> str:
    environment = {**os.environ, **(variables or {})}
    done = subprocess.run(
        words, env=environment, capture_output=True, text=True, timeout=1800, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{words} ended with {done.returncode}:\n{done.stderr[-4000:]}")
    return done.stdout


if __name__ == "__main__":
    for corpus in CORPORA:
        print(tree_of(corpus))  # noqa: T201 - a program's output
    for project in PROJECTS:
        print(python_of(project))  # noqa: T201
