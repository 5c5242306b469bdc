"""What callers hand in, looked at."""

import numpy as np
import pytest

from rnnlib.arguments import require_size


def test_a_size_is_an_integer_of_python_or_numpy():
    for value in (3, np.int64(3), np.uint8(3)):
        assert require_size("H", value) == 3
        assert type(require_size("H", value)) is int


@pytest.mark.parametrize("value", [0, -1, True, np.True_, 64.0, np.float64(3), "3", None, np.array([3, 4])])
def test_another_size_is_refused_in_one_sentence(value):
    with pytest.raises(ValueError, match=r"^H expected an integer of at least 1, given .+\.$"):
        require_size("H", value)
