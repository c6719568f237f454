"""Random histories of migrations, each run with Django's executor and with ours.

    python -m tests.fuzz.rendering FIRST COUNT [URL]

One kind of operation is one function in ``operations.py``; what code of migrations does is in
``code.py``. Every history is text, as in files of migrations.
"""
