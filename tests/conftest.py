"""What every test shares."""

import os

# Small matrices on a busy two-core machine: a second BLAS thread only spins. Set before NumPy is first imported.
for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")
