from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.urls import reverse
from django.utils import timezone


class Category(models.Model):
    parent = models.ForeignKey(
        "self", on_delete=models.PROTECT, related_name="children", null=True, blank=True
    )
    name = models.CharField(max_length=80)
    slug = models.SlugField(max_length=80, unique=True)

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "categories"
        constraints = [
            models.UniqueConstraint(fields=["parent", "name"], name="unique_name_in_category"),
            # To a database two NULL parents differ, so the constraint above lets roots repeat.
            models.UniqueConstraint(
                fields=["name"],
                condition=models.Q(parent__isnull=True),
                name="unique_name_of_root_category",
            ),
        ]

    def __str__(self):
        return " / ".join(category.name for category in self.path())

    def path(self):
        """The categories from the root of the tree down to this one."""
        categories = [self]
        while (parent := categories[0].parent) is not None:
            categories.insert(0, parent)
        return categories


class Tag(models.Model):
    name = models.CharField(max_length=40, unique=True)

    class Meta:
        ordering = ["name"]

    def __str__(self):
        return self.name


class Product(models.Model):
    class Status(models.TextChoices):
        DRAFT = "draft"
        ON_SALE = "on_sale", "on sale"
        RETIRED = "retired"

    sku = models.CharField("article number", max_length=20, unique=True)
    name = models.CharField(max_length=120)
    slug = models.SlugField(max_length=120, unique=True)
    description = models.TextField(blank=True)
    category = models.ForeignKey(Category, on_delete=models.PROTECT, related_name="products")
    tags = models.ManyToManyField(Tag, related_name="products", blank=True)
    price = models.DecimalField(
        max_digits=10, decimal_places=2, validators=[MinValueValidator(0)], help_text="in euros"
    )
    weight = models.PositiveIntegerField(null=True, blank=True, help_text="in grams")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.DRAFT)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        related_name="products_added",
        null=True,
        blank=True,
    )
    featured_review = models.ForeignKey(
        "feedback.Review", on_delete=models.SET_NULL, related_name="+", null=True, blank=True
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["name"]
        indexes = [
            models.Index(fields=["status", "price"], name="product_status_price_idx"),
        ]

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return reverse("product-detail", args=[self.slug])
