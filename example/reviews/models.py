from django.conf import settings
from django.db import models
from django.utils import timezone


class Review(models.Model):
    class Rating(models.IntegerChoices):
        POOR = 1
        FAIR = 2
        GOOD = 3
        VERY_GOOD = 4, "very good"
        EXCELLENT = 5

    product = models.ForeignKey(
        "catalogue.Product", on_delete=models.CASCADE, related_name="reviews"
    )
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="reviews"
    )
    order = models.ForeignKey(
        "orders.Order",
        on_delete=models.SET_NULL,
        related_name="reviews",
        null=True,
        blank=True,
        help_text="the order that shows that the author bought the product",
    )
    rating = models.PositiveSmallIntegerField(choices=Rating.choices)
    title = models.CharField(max_length=120)
    body = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["product", "rating"], name="review_product_rating_idx"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["author", "product"], name="one_review_per_author_and_product"
            ),
        ]

    def __str__(self):
        return f"{self.title} ({self.get_rating_display()})"
