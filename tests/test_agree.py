"""The agreement table: what agrees, what differs, and what each case says."""

import numpy as np
import pytest
import sympy
import torch

from rnnlib.agree import Disagreement, agree, relative_difference


def test_four_kinds_of_values_agree():
    value = np.array([[1.0, 2.0], [3.0, 4.0]])
    result = agree(
        "A", numpy=value, torch=torch.tensor(value, requires_grad=True), sympy=sympy.Matrix([[1, 2], [3, 4]]),
        lists=[[1, 2], [3, sympy.Rational(8, 2)]],
    )  # fmt: skip
    assert result.agrees
    assert len(result.pairs) == 6
    assert {pair.absolute for pair in result.pairs} == {0.0}


def test_scalars():
    assert agree("L", numpy=np.float64(2.0), torch=torch.tensor(2.0), sympy=sympy.sqrt(4), python=2).agrees


def test_the_table_names_pairs_differences_and_tolerance():
    result = agree("∂L/∂W_hh", numpy=[1.0, 1.0], torch=[1.0, 1.0 + 1e-12], tol=1e-9)
    text = str(result)
    assert "∂L/∂W_hh" in text
    assert "numpy and torch" in text
    assert "1e-09" in text
    assert "agree" in text


def test_a_page_is_told_of_one_pair_in_a_line_and_of_several_in_a_table():
    shift = [1.0, 1.0 + 1e-12]
    line = agree("L", numpy=[1.0, 1.0], torch=shift, tol=1e-9)._repr_markdown_()
    assert line == "✓ **L**: numpy and torch agree; largest difference 1.0e-12, relative 7.1e-13 (tolerance 1e-09)"
    table = agree("L", numpy=[1.0, 1.0], torch=shift, sympy=[1.0, 1.0])._repr_markdown_()
    assert table.startswith("✓ **L**: 3 ways agree; largest relative difference 7.1e-13 (tolerance 1e-09)")
    assert "| numpy and torch | 1.0e-12 | 7.1e-13 | ✓ agree |" in table
    assert table.count("\n| ") == 5


def test_a_differing_pair_raises_with_one_sentence_and_the_table():
    with pytest.raises(Disagreement) as caught:
        agree("dW", numpy=[1.0, 2.0], torch=[1.0, 2.0], complex_step=[1.0, 2.1])
    text = str(caught.value)
    assert text.splitlines()[0].startswith("dW: ")
    assert "complex_step differ by" in text
    assert "numpy and torch" in text
    assert "differ\n" in text
    assert isinstance(caught.value, AssertionError)


def test_shapes_that_broadcast_still_differ():
    with pytest.raises(Disagreement, match=r"numpy has shape \(3,\), but torch has shape \(1, 3\)"):
        agree("h", numpy=np.ones(3), torch=torch.ones(1, 3))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite_never_agree(bad):
    with pytest.raises(Disagreement, match=r"holds .* at index \(1,\)"):
        agree("h", a=[1.0, bad], b=[1.0, bad])


def test_zero_needs_an_absolute_tolerance():
    with pytest.raises(Disagreement):
        agree("0", a=0.0, b=1e-17)
    assert agree("0", a=0.0, b=1e-17, atol=1e-15).agrees
    assert agree("0", a=np.zeros((2, 2)), b=np.zeros((2, 2))).agrees


def test_relative_difference_of_tiny_numbers_does_not_underflow():
    assert relative_difference([3e-200, 0], [3.3e-200, 0]) == pytest.approx(1 / 11)


def test_a_relative_difference_is_normwise():
    assert relative_difference([1.0, 0.0], [1.0, 1e-3]) == pytest.approx(1e-3, rel=1e-5)


def test_empty_arrays_agree():
    assert agree("nothing", a=np.ones((0, 2)), b=np.ones((0, 2))).agrees


def test_complex_numbers_are_compared_whole():
    with pytest.raises(Disagreement):
        agree("z", a=1 + 1j, b=1.0)


def test_bad_input():
    with pytest.raises(ValueError, match="at least two ways"):
        agree("h", numpy=1.0)
    with pytest.raises(ValueError, match="torch expected an array of numbers"):
        agree("h", numpy=1.0, torch="one")
    with pytest.raises(ValueError, match="sympy expected an array of numbers"):
        agree("h", numpy=1.0, sympy=sympy.Symbol("x"))
