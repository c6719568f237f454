"""What a driver says of an error in the standard's own words."""


def sqlstate(error):
    """Return the SQLSTATE of an error or of what it came from; ``None`` where the driver has none.

    psycopg calls it ``sqlstate``, psycopg2 ``pgcode``
    (https://www.postgresql.org/docs/current/errcodes-appendix.html).
    """
    for one in (error, error.__cause__):
        state = getattr(one, "sqlstate", None) or getattr(one, "pgcode", None)
        if state:
            return state
    return None
