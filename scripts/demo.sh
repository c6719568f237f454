#!/bin/sh
# The whole workflow on a temporary copy of example/: once as it should go, once refused.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
copy=$(mktemp -d "${TMPDIR:-/tmp}/migration-workflow-demo.XXXXXX")
trap 'rm -rf "$copy"' EXIT
trap 'exit 130' INT TERM
unset DATABASE_URL DJANGO_SETTINGS_MODULE DJANGO_ENV DJANGO_ENVIRONMENT APP_ENV ENVIRONMENT ENV

say() {
    printf '\n== %s\n' "$*"
}

run() {
    printf '\n$ %s\n' "$*"
    "$@"
}

# Run what must be refused: exit code 1 is the right end, any other is not.
refused() {
    code=0
    run "$@" || code=$?
    if [ "$code" -ne 1 ]; then
        echo "this should have been refused with exit code 1, not $code" >&2
        exit 3
    fi
}

digest() {
    python -c 'import hashlib, sys; print(hashlib.sha256(open(sys.argv[1], "rb").read()).hexdigest())' "$1"
}

cp -R "$root/example/." "$copy"
rm -rf "$copy"/db.sqlite3* "$copy"/.env "$copy"/.workflow
cd "$copy"

say "1. A new colleague: from nothing to a migrated database, rehearsed on a copy first."
run migration-workflow migrate-safe
run python manage.py seed

say "2. A model changes: products get a subtitle."
python - <<'END'
from pathlib import Path

models = Path("catalogue/models.py")
text = models.read_text(encoding="utf-8")
name = "    name = models.CharField(max_length=120)\n"
assert name in text
models.write_text(text.replace(name, name + "    subtitle = models.CharField(max_length=120, blank=True, default='')\n"), encoding="utf-8")
END
refused migration-workflow check-migrations
run migration-workflow makemigrations --name product_subtitle

say "3. It is rehearsed on a copy, applied, and verified."
run migration-workflow migrate-safe

say "4. An empty database gets there too, and back, and forward again."
run migration-workflow test-migrations-clean

say "5. A colleague's branch comes in: their migration grew from the same place as ours."
cat > catalogue/migrations/0011_unique_weight.py <<'END'
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("catalogue", "0010_product_status_price_idx")]

    operations = [
        migrations.AlterField(
            model_name="product",
            name="weight",
            field=models.PositiveIntegerField(blank=True, help_text="in grams", null=True, unique=True),
        ),
    ]
END
before=$(digest db.sqlite3)
refused migration-workflow validate-migration-dependencies
refused migration-workflow migrate-safe

say "6. The leaf nodes are joined. But no two products may weigh the same now, and some do:"
run migration-workflow makemigrations --merge catalogue --answer merge:catalogue=yes
sed -i.bak 's/weight = models.PositiveIntegerField(null=True/weight = models.PositiveIntegerField(unique=True, null=True/' catalogue/models.py
rm catalogue/models.py.bak
refused migration-workflow migrate-safe

if [ "$before" != "$(digest db.sqlite3)" ]; then
    echo "the database was changed by what was refused" >&2
    exit 3
fi
say "The database is byte for byte what it was: a refused migration changes nothing."
