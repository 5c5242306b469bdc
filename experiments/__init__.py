"""The laboratory: experiments that take longer than a page may, each with a record that pages quote.

    python -m experiments list                what is asked, and whether its record is of today's settings
    python -m experiments run NAME            make the runs that are missing, then the record results/NAME.json
    python -m experiments run NAME --quick    a small version, in seconds

Each module beside this one is an experiment; read `bias`, then write your own (CONTRIBUTING says how). A page loads a
record by ``load(bias)``. What all experiments share is in `frame`. The records of speed are made by `benchmarks`.
"""

from experiments.frame.pairs import paired_difference
from experiments.frame.record import Record, load

__all__ = ["Record", "load", "paired_difference"]
