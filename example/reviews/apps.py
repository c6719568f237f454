from django.apps import AppConfig


class ReviewsConfig(AppConfig):
    name = "reviews"
    # The folder was once called feedback. The label stayed, for the tables are named after it, and
    # so are the rows in django_migrations and in django_content_type.
    label = "feedback"
