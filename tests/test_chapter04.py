"""Chapter 4: its rows, its bank, and the numbers that its prose quotes."""

from rnnlib.claims import Claim
from rnnlib.claims.bank.chapter04 import NETWORK


def test_a_setting_that_continues_a_recursion_may_begin_with_any_quantity_of_it():
    # `a` and `h` are defined by each other, and only `h` has a base from which the shapes are found.
    Claim("rnn.continued", "a[t] = U @ x[t] + W_hh.T @ h[t-1] + b_h", NETWORK + "U := W_xh.T")
