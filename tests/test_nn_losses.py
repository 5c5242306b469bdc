"""Softmax, cross-entropy, perplexity and the L2 penalty."""

import numpy as np
import pytest
import torch

from rnnlib.nn import cross_entropy, l2_penalty, perplexity, softmax


@pytest.mark.parametrize("reduction", ["sum", "mean"])
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("shape", [(1, 1, 2), (5, 3, 7), (4, 90_000)])
def test_cross_entropy_equals_torch(reduction, masked, shape):
    rng = np.random.default_rng(0)
    s, targets = rng.normal(scale=5, size=shape), rng.integers(0, shape[-1], shape[:-1])
    mask = rng.random(shape[:-1]) < 0.6 if masked and s.size > 2 else np.ones(shape[:-1], bool)
    loss, ds = cross_entropy(s, targets, mask, reduction)
    s_torch = torch.tensor(s, requires_grad=True)
    theirs = torch.nn.functional.cross_entropy(s_torch[mask], torch.tensor(targets)[mask], reduction=reduction)
    theirs.backward()
    assert loss == pytest.approx(theirs.item(), rel=1e-13)
    np.testing.assert_allclose(ds, s_torch.grad.numpy(), atol=1e-15)


def test_in_place():
    rng = np.random.default_rng(0)
    s, targets = rng.normal(size=(4, 3, 5)), rng.integers(0, 5, (4, 3))
    loss, ds = cross_entropy(s, targets)
    loss_again, same = cross_entropy(s, targets, ds=s)
    assert loss == loss_again
    assert same is s
    np.testing.assert_array_equal(s, ds)


def test_huge_scores():
    s = np.array([[1000.0, 0.0], [-1000.0, 1000.0]])
    loss, ds = cross_entropy(s, np.array([0, 0]))
    assert loss == 2000.0
    np.testing.assert_array_equal(ds, [[0, 0], [-1, 1]])
    np.testing.assert_array_equal(softmax(s), [[1, 0], [0, 1]])


def test_uniform_guessing_costs_ln_V():
    assert cross_entropy(np.zeros((62, 1, 63)), np.zeros((62, 1), int))[0] == pytest.approx(62 * np.log(63))
    assert perplexity(62 * np.log(63), 62) == pytest.approx(63)


def test_l2_with_and_without_the_half():
    W, dW = np.array([[1.0, 2.0]]), np.array([[10.0, 10.0]])
    assert l2_penalty(W, 0.1, half=False, dW=dW) == pytest.approx(0.5)
    np.testing.assert_allclose(dW, [[10.2, 10.4]])
    assert l2_penalty(W, 0.1, half=True, dW=dW) == pytest.approx(0.25)
    np.testing.assert_allclose(dW, [[10.3, 10.6]])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((np.zeros((2, 3)), np.array([0, 3])), "targets expected tokens from 0 to 2, given 3."),
        ((np.zeros((2, 3)), np.array([-1, 0])), "targets expected tokens from 0 to 2, given -1."),
        ((np.zeros((2, 3)), np.array([0.0, 1.0])), "targets expected integers, given float64."),
        ((np.zeros((2, 3)), np.array([0])), "targets expected shape (2,), given (1,)."),
        (
            (np.zeros((0, 3)), np.array([], int)),
            "scores expected shape (..., Y) with at least one number, given (0, 3).",
        ),
        (
            (np.zeros((2, 3)), np.array([0, 0]), np.array([False, False]), "mean"),
            "mask of the loss expected at least one prediction that counts, given none.",
        ),
        (
            (np.zeros((2, 3)), np.array([0, 0]), None, "average"),
            "reduction expected one of 'sum', 'mean', given 'average'.",
        ),
    ],
)
def test_bad_input(arguments, message):
    with pytest.raises(ValueError, match="expected") as caught:
        cross_entropy(*arguments)
    assert str(caught.value) == message


@pytest.mark.parametrize("order", ["C", "F"])
def test_scores_may_lie_in_any_order(order):
    rng = np.random.default_rng(0)
    s, targets = rng.normal(size=(4, 3, 5)), rng.integers(0, 5, (4, 3))
    _, ds = cross_entropy(np.asarray(s, order=order), targets)
    np.testing.assert_allclose(ds, softmax(s) - np.eye(5)[targets], atol=1e-15)
    with pytest.raises(ValueError, match="ds expected a contiguous array"):
        cross_entropy(s, targets, ds=np.empty((8, 3, 5))[::2])
    with pytest.raises(ValueError, match="ds expected a contiguous array of shape"):
        cross_entropy(s, targets, ds=np.empty((4, 3, 6)))
