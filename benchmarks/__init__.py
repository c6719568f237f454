"""How long things take, measured with public tools only: see :mod:`benchmarks.run`."""
