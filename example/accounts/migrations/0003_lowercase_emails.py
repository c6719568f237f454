from django.db import migrations
from django.db.models.functions import Lower


def lowercase_emails(apps, schema_editor):
    users = apps.get_model("accounts", "User").objects.using(schema_editor.connection.alias)
    users.update(email=Lower("email"))


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_wishlist"),
    ]

    operations = [
        # Nothing remembers how an address was once written, and mail arrives either way.
        migrations.RunPython(lowercase_emails, migrations.RunPython.noop),
    ]
