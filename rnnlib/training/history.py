"""What training remembers: columns of numbers that grow, and are read as arrays to plot."""

from array import array
from numbers import Real

import numpy as np

from rnnlib.arguments import require


class History:
    """Numbers noted every so many updates: ``history.update`` and ``history.loss`` are arrays of the same length.

    Parameters
    ----------
    every : int
        Updates between two rows.
    first : int
        The update of the first row.
    """

    def __init__(self, every: int, first: int):
        self._every, self._first, self._columns = every, first, {}

    def append(self, **numbers: float) -> None:
        """Note one row; all rows have the columns of the first."""
        if not self._columns:
            self._columns = {name: array("d") for name in numbers}  # eight bytes a number, where a list has forty
        for name, column in self._columns.items():
            column.append(numbers[name])

    def __len__(self) -> int:
        return len(next(iter(self._columns.values()), ()))

    @property
    def update(self) -> np.ndarray:
        """After how many updates each row was noted."""
        return self._first + self._every * np.arange(len(self))

    @property
    def columns(self) -> dict[str, np.ndarray]:
        """The columns by name, as copies."""
        return {name: np.array(column) for name, column in self._columns.items()}

    def restore(self, columns: dict[str, np.ndarray]) -> None:
        """Put back what `columns` gave."""
        self._columns = {name: array("d", column.tobytes()) for name, column in columns.items()}

    def __getattr__(self, name: str) -> np.ndarray:
        if name in self.__dict__.get("_columns", {}):
            return np.array(self._columns[name])
        known = ", ".join(["update", *self.__dict__.get("_columns", {})])
        raise AttributeError(f"History has no {name!r}; its columns are {known}.")

    def __repr__(self) -> str:
        return f"History({', '.join(['update', *self._columns])}: {len(self)} rows)"


def require_numbers(found, columns) -> dict[str, float]:
    """What an evaluation returned, if it can be a row under these columns (none before the first)."""
    good = isinstance(found, dict) and "loss" in found and (not columns or found.keys() == set(columns))
    require(good, "evaluate", 'a function that returns a dict with "loss", and the same keys each time', repr(found))
    for name, value in found.items():
        free = isinstance(name, str) and name.isidentifier() and not hasattr(History, name)
        require(free, "evaluate", "keys that can be names of columns", repr(name))
        require(isinstance(value, Real), "evaluate", f"a number for {name!r}", repr(value))
    return {name: float(value) for name, value in found.items()}
