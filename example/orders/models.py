from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Sum
from django.utils import timezone


class Coupon(models.Model):
    code = models.CharField(max_length=20, unique=True)
    percent = models.PositiveSmallIntegerField(
        validators=[MinValueValidator(1), MaxValueValidator(100)]
    )
    expires_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["code"]

    def __str__(self):
        return f"{self.code} (-{self.percent} %)"


class Order(models.Model):
    class Status(models.TextChoices):
        BASKET = "basket"
        PLACED = "placed"
        SHIPPED = "shipped"
        CANCELLED = "cancelled"

    customer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="orders"
    )
    ship_to = models.ForeignKey(
        "accounts.Address",
        on_delete=models.PROTECT,
        related_name="orders",
        null=True,
        blank=True,
    )
    coupon = models.ForeignKey(
        Coupon, on_delete=models.SET_NULL, related_name="orders", null=True, blank=True
    )
    products = models.ManyToManyField(
        "catalogue.Product", through="OrderLine", related_name="orders"
    )
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.BASKET)
    note = models.TextField(blank=True, help_text="from the customer, for the parcel service")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["status", "created_at"], name="order_status_created_idx"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["customer"],
                condition=models.Q(status="basket"),
                name="one_basket_per_customer",
            ),
        ]

    def __str__(self):
        return f"order {self.pk} of {self.customer}"

    def total(self):
        """What the goods cost, before a coupon."""
        return self.lines.aggregate(total=Sum(F("quantity") * F("unit_price")))["total"] or 0


class OrderLine(models.Model):
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines")
    product = models.ForeignKey(
        "catalogue.Product", on_delete=models.PROTECT, related_name="order_lines"
    )
    quantity = models.PositiveSmallIntegerField(default=1, validators=[MinValueValidator(1)])
    unit_price = models.DecimalField(
        max_digits=10, decimal_places=2, help_text="in euros, as it was when the order was placed"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["order", "product"], name="one_line_per_product"),
        ]

    def __str__(self):
        return f"{self.quantity} x {self.product}"
