"""Numbers to compute with: exact to a hundred digits, or fast in float64, and a bound on how much is computed.

In `Exact` arithmetic a difference quotient still has 50 correct digits, so that ``d(f, x)`` can be compared like any
other number; in `Fast` arithmetic it has about 9.
"""

from fractions import Fraction
from functools import cache
from time import thread_time

import mpmath
import numpy as np

from .errors import OutOfReach, Undecided, Undefined
from .forms import REACH

DIGITS, DIGITS_PER_DERIVATIVE = 110, 40
# Powers up to this exponent are computed up to this size (its logarithm), others only as far as exp is.
MAX_EXPONENT, MAX_MAGNITUDE = 8, 10**5


@cache
def _context(digits):
    """An mpmath context with this many digits; making one costs more than many sums in it."""
    context = mpmath.MPContext()
    context.dps = digits
    return context


class Work:
    """How long a computation may still go on, in steps and if need be in seconds of computing: a hostile formula runs
    out of them instead of running on."""

    def __init__(self, steps, seconds=None):
        self.left = steps
        self.until = None if seconds is None else thread_time() + seconds

    def spend(self, steps=1):
        """Count steps that are about to be taken."""
        self.left -= steps
        if self.left < 0 or (self.until and thread_time() > self.until):
            raise Undecided("it takes too long to compute; write it with fewer sums and derivatives inside one another")


class Exact:
    """Arithmetic in mpmath, in a context of its own so that no global precision is touched.

    Parameters
    ----------
    work : Work
    nesting : int
        How deep derivatives stand inside one another; each level costs 40 digits.
    times : int
        So many times the digits, for a second look at two numbers that differ.
    """

    dtype = object

    def __init__(self, work, nesting=0, times=1):
        self.work, self.nesting = work, nesting
        self.mp = _context(times * (DIGITS + DIGITS_PER_DERIVATIVE * nesting))
        self.pi = +self.mp.pi
        self.step = self.mp.mpf(10) ** (-30 * times)
        # What a difference quotient leaves; without one, only rounding is left, and that is not forgiven near zero.
        self.relative = self.mp.mpf(10) ** (-45 * times if nesting else 12 - self.mp.dps)
        self.least = self.mp.mpf(10) ** (-55 * times) if nesting else 0
        self.key = self.mp.dps

    def slack(self, a, b):
        """How far two equal numbers may lie apart."""
        return self.relative * max(abs(a), abs(b)) + self.least

    def tied(self, a, b):
        """Whether rounding alone may tell two numbers apart."""
        return abs(a - b) <= self.relative * max(1, abs(a), abs(b))

    def number(self, value):
        # A drawn float is the decimal that it prints as, so that what is shown is what was computed with.
        value = Fraction(str(value)) if isinstance(value, float) else Fraction(value)
        return self.mp.mpf(value.numerator) / value.denominator

    def array(self, values):
        return np.frompyfunc(self.number, 1, 1)(np.asarray(values, dtype=object))

    def apply(self, exact, fast, *arrays):
        return np.frompyfunc(lambda *numbers: exact(self.mp, *numbers), len(arrays), 1)(*arrays)

    def norm(self, array):
        """The length of a vector, the largest singular value of a matrix."""
        if array.ndim == 1 or not array.size:
            return self.mp.sqrt(sum((array * array).flat))
        return max(self.mp.svd_r(self.mp.matrix(array.tolist()), compute_uv=False))

    def quotient(self, a, b):
        """a / b entry by entry."""
        return np.frompyfunc(self._quotient, 2, 1)(a, b)

    def _quotient(self, a, b):
        if b and self.mp.mag(b) < -self.mp.prec / 2:
            raise OutOfReach("a divisor can't be told from zero with the digits that are computed")
        return a / b

    def power(self, base, exponent):
        return np.frompyfunc(self._power, 2, 1)(base, exponent)

    def _power(self, base, exponent):
        whole = self.mp.nint(exponent)
        if abs(exponent - whole) < self.mp.mpf(10) ** (-self.mp.dps // 2):
            exponent = whole  # a whole number but for rounding, such as 1 + sum(p)
        if (base == 0 and exponent < 0) or (base < 0 and exponent != whole):
            raise Undefined("a power without a real value")
        # A difference that is zero but for rounding is tiny, and its square may be: that is no power out of reach.
        reach = REACH * self.mp.dps if abs(exponent) > MAX_EXPONENT else MAX_MAGNITUDE
        if base and abs(exponent * self.mp.mag(base)) > reach / np.log(2):
            raise OutOfReach("a power grew beyond what is computed")
        return base**exponent


class Fast:
    """Arithmetic in float64; enough to tell a wrong formula from a right one, not to prove one."""

    dtype, pi = float, np.pi

    def __init__(self, work, nesting=0):
        self.work, self.step = work, 1e-5 if nesting < 2 else 1e-3
        self.tolerance = (1e-9, 1e-5, 1e-2, 1e-2)[nesting]
        self.key = "float64", self.step

    def tied(self, a, b):
        """Whether rounding alone may tell two numbers apart."""
        return abs(a - b) <= self.tolerance * max(1, abs(a), abs(b))

    def number(self, value):
        return np.float64(value)

    def array(self, values):
        return np.asarray(values, dtype=float)[()]

    def apply(self, exact, fast, *arrays):
        return fast(*arrays)

    def norm(self, array):
        """The length of a vector, the largest singular value of a matrix."""
        return np.linalg.norm(array, 2) if array.size else np.float64(0)

    def quotient(self, a, b):
        """a / b entry by entry."""
        return a / b

    def power(self, base, exponent):
        return np.power(base, exponent)
