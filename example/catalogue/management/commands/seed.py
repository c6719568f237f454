"""Demo data: the same rows on every run, on every machine."""

from datetime import datetime, timedelta, timezone
from decimal import Decimal

from django.core.management.base import BaseCommand
from django.db import transaction
from django.utils.text import slugify

from accounts.models import Address, User, WishlistItem
from catalogue.models import Category, Product, Tag
from orders.models import Coupon, Order, OrderLine
from reviews.models import Review

SEEDED = (
    User,
    Address,
    Category,
    Tag,
    Product,
    WishlistItem,
    Coupon,
    Order,
    OrderLine,
    Review,
)

OPENING_DAY = datetime(2024, 3, 1, 9, 0, tzinfo=timezone.utc)

# username: first name, last name, street, postcode, city, country
CUSTOMERS = {
    "ada": ("Ada", "Lovelace", "12 St James's Square", "SW1Y 4JH", "London", "GB"),
    "emmy": ("Emmy", "Noether", "Friedländer Weg 57", "37085", "Göttingen", "DE"),
    "sofia": ("Sofia", "Kovalevskaya", "Sturegatan 56", "114 36", "Stockholm", "SE"),
    "hypatia": ("Hypatia", "of Alexandria", "7 Canopic Street", "21500", "Alexandria", "EG"),
}

# name: name of the parent
CATEGORIES = {
    "Kitchen": None,
    "Coffee": "Kitchen",
    "Knives": "Kitchen",
    "Garden": None,
    "Tools": "Garden",
    "Seeds": "Garden",
}

TAGS = ["handmade", "new", "organic", "steel"]

# name: category, price, weight in grams, tags
PRODUCTS = {
    "Coffee grinder": ("Coffee", "89.00", 1450, ["steel"]),
    "Coffee filter": ("Coffee", "24.50", 320, ["handmade"]),
    "Espresso beans": ("Coffee", "14.90", 500, ["organic"]),
    "Paring knife": ("Knives", "39.00", 90, ["handmade", "steel"]),
    "Bread knife": ("Knives", "69.00", 240, ["steel"]),
    "Whetstone": ("Knives", "45.00", 880, ["new"]),
    "Spade": ("Tools", "54.00", 2100, ["steel"]),
    "Pruning shears": ("Tools", "42.00", 260, ["new", "steel"]),
    "Cast-iron roller": ("Tools", "239.00", 68000, []),
    "Tomato seeds": ("Seeds", "3.20", 5, ["organic"]),
    "Lavender seeds": ("Seeds", "2.80", 5, ["new", "organic"]),
    "Rye seeds": ("Seeds", "4.10", 1000, []),
}
RETIRED = {"Coffee filter"}
DRAFTS = {"Rye seeds"}

COUPONS = {"WELCOME": 10, "HARVEST": 15}

# customer, status, coupon, product: quantity
ORDERS = [
    ("ada", "shipped", "WELCOME", {"Coffee grinder": 1, "Espresso beans": 3}),
    ("ada", "basket", None, {"Whetstone": 1}),
    ("emmy", "shipped", None, {"Spade": 1, "Tomato seeds": 4, "Lavender seeds": 2}),
    ("emmy", "placed", "HARVEST", {"Pruning shears": 1}),
    ("sofia", "cancelled", None, {"Cast-iron roller": 1}),
    ("sofia", "shipped", None, {"Bread knife": 1, "Paring knife": 2}),
    ("hypatia", "basket", None, {"Espresso beans": 1, "Lavender seeds": 5}),
]

# customer, product, rating, title; the first five-star one of a product is featured
REVIEWS = [
    ("ada", "Coffee grinder", 5, "Grinds like an engine"),
    ("ada", "Espresso beans", 4, "Good in the morning"),
    ("emmy", "Spade", 4, "Symmetrical, and it stays so"),
    ("emmy", "Tomato seeds", 3, "Three of four came up"),
    ("sofia", "Bread knife", 5, "Turns around its own axis"),
    ("sofia", "Paring knife", 2, "Smaller than it looks"),
    ("hypatia", "Espresso beans", 5, "Conic, as a heap should be"),
]

WISHES = {
    "ada": {"Bread knife": 3, "Whetstone": 2},
    "emmy": {"Cast-iron roller": 1},
    "hypatia": {"Coffee grinder": 3, "Lavender seeds": 2},
}


class Command(BaseCommand):
    help = "Fills the shop with demo data. Running it again changes nothing."

    @transaction.atomic
    def handle(self, **options):
        seed_customers()
        seed_catalogue()
        seed_orders()
        seed_reviews()
        if options["verbosity"]:
            for model in SEEDED:
                self.stdout.write(f"{model.__name__}: {model.objects.count()}")


def days_after_opening(days):
    return OPENING_DAY + timedelta(days=days)


def seed_customers():
    for username, (first_name, last_name, *address) in CUSTOMERS.items():
        user, created = User.objects.get_or_create(
            username=username,
            defaults={
                "first_name": first_name,
                "last_name": last_name,
                "email": f"{username}@example.com",
                "date_joined": OPENING_DAY,
            },
        )
        if created:
            user.set_unusable_password()
            user.save(update_fields=["password"])
        street, postcode, city, country = address
        Address.objects.get_or_create(
            user=user,
            is_default=True,
            defaults={"street": street, "postcode": postcode, "city": city, "country": country},
        )


def seed_catalogue():
    for name, parent in CATEGORIES.items():
        Category.objects.get_or_create(
            slug=slugify(name),
            defaults={
                "name": name,
                "parent": Category.objects.get(slug=slugify(parent)) if parent else None,
            },
        )
    for name in TAGS:
        Tag.objects.get_or_create(name=name)
    for number, (name, (category, price, weight, tags)) in enumerate(PRODUCTS.items(), start=1):
        product, created = Product.objects.get_or_create(
            slug=slugify(name),
            defaults={
                "sku": f"SHOP-{number:03}",
                "name": name,
                "category": Category.objects.get(slug=slugify(category)),
                "price": Decimal(price),
                "weight": weight,
                "status": status_of(name),
                "added_by": User.objects.get(username="ada"),
                "created_at": days_after_opening(number),
            },
        )
        if created:
            product.tags.set(Tag.objects.filter(name__in=tags))
    for username, wishes in WISHES.items():
        for name, priority in wishes.items():
            WishlistItem.objects.get_or_create(
                user=User.objects.get(username=username),
                product=Product.objects.get(slug=slugify(name)),
                defaults={"priority": priority},
            )


def status_of(product_name):
    if product_name in DRAFTS:
        return Product.Status.DRAFT
    if product_name in RETIRED:
        return Product.Status.RETIRED
    return Product.Status.ON_SALE


def seed_orders():
    for code, percent in COUPONS.items():
        Coupon.objects.get_or_create(code=code, defaults={"percent": percent})
    for number, (username, status, coupon, quantities) in enumerate(ORDERS, start=1):
        customer = User.objects.get(username=username)
        order, created = Order.objects.get_or_create(
            customer=customer,
            created_at=days_after_opening(30 + number),
            defaults={
                "status": status,
                "ship_to": customer.addresses.get(is_default=True),
                "coupon": Coupon.objects.get(code=coupon) if coupon else None,
            },
        )
        if created:
            for name, quantity in quantities.items():
                product = Product.objects.get(slug=slugify(name))
                order.lines.create(product=product, quantity=quantity, unit_price=product.price)


def seed_reviews():
    for number, (username, name, rating, title) in enumerate(REVIEWS, start=1):
        author = User.objects.get(username=username)
        product = Product.objects.get(slug=slugify(name))
        Review.objects.get_or_create(
            author=author,
            product=product,
            defaults={
                "order": author.orders.filter(status="shipped", products=product).first(),
                "rating": rating,
                "title": title,
                "created_at": days_after_opening(60 + number),
            },
        )
    for product in Product.objects.filter(featured_review=None, reviews__rating=5).distinct():
        product.featured_review = product.reviews.filter(rating=5).earliest("created_at")
        product.save(update_fields=["featured_review"])
