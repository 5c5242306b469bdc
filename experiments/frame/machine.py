"""Where runs are made, in words that name no host: versions, processor, and the kernels of the matrix library."""

import platform
from importlib.metadata import version
from pathlib import Path

import joblib
import numpy as np
from threadpoolctl import threadpool_info


def versions(imported):
    """Versions of Python and of the libraries that decide the numbers; of PyTorch where it is among the imported."""
    torch = ["torch"] if "torch" in imported else []
    return {"python": platform.python_version()} | {
        name: version(name) for name in ("numpy", "scipy", "rnnlib", *torch)
    }


def machine():
    """Processor, cores that may be used, operating system, and NumPy's matrix library with its kernels."""
    pools = [pool for pool in threadpool_info() if pool["user_api"] == "blas"]
    # NumPy may bring a library of its own; others that are loaded, then or later, are not asked.
    own = [pool for pool in pools if pool["filepath"].startswith(str(Path(np.__file__).parent))]
    blas = {f"{pool['internal_api']} {pool['version']}, {pool.get('architecture', 'unknown')} kernels"
            for pool in own or pools}  # fmt: skip
    return {
        "processor": _processor(),
        "cores": joblib.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "blas": ", ".join(sorted(blas)) or "unknown",
    }


def _processor():
    """The model name: Linux tells it in a file, other systems through Python."""
    file = Path("/proc/cpuinfo")
    lines = file.read_text().splitlines() if file.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or "unknown"
