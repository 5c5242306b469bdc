"""Optimisers against torch.optim, and against their papers where PyTorch has another form; schedules; clipping."""

import numpy as np
import pytest
import torch

from rnnlib.agree import relative_difference
from rnnlib.nn import (
    SGD,
    AdaDelta,
    AdaGrad,
    Adam,
    AdamW,
    Momentum,
    RMSprop,
    clip_by_norm,
    clip_by_value,
    constant,
    cosine,
    exponential,
    step_decay,
    warmup,
)  # fmt: skip

PAIRS = [
    (SGD(0.01), lambda p: torch.optim.SGD(p, lr=0.01)),
    (Momentum(0.01, 0.9), lambda p: torch.optim.SGD(p, lr=0.01, momentum=0.9)),
    (AdaGrad(0.1), lambda p: torch.optim.Adagrad(p, lr=0.1, eps=1e-10)),
    (RMSprop(0.01), lambda p: torch.optim.RMSprop(p, lr=0.01, alpha=0.99, eps=1e-8)),
    (RMSprop(0.01, 0.9, 1e-3), lambda p: torch.optim.RMSprop(p, lr=0.01, alpha=0.9, eps=1e-3)),
    (AdaDelta(1.0), lambda p: torch.optim.Adadelta(p, lr=1.0, rho=0.9, eps=1e-6)),
    (AdaDelta(0.5, 0.95, 1e-3), lambda p: torch.optim.Adadelta(p, lr=0.5, rho=0.95, eps=1e-3)),
    (Adam(0.01), lambda p: torch.optim.Adam(p, lr=0.01)),
    (Adam(0.02, (0.8, 0.99), 1e-3), lambda p: torch.optim.Adam(p, lr=0.02, betas=(0.8, 0.99), eps=1e-3)),
    (AdamW(0.01, decay=0.1), lambda p: torch.optim.AdamW(p, lr=0.01, weight_decay=0.1)),
]


def gradient(theta):
    """Of a function with curvature of very different sizes, and a part that is not convex."""
    k = np.arange(1, len(theta) + 1)
    return k**2 * theta / 10 + np.sin(3 * theta)


@pytest.mark.parametrize(("ours", "make"), PAIRS, ids=lambda value: type(value).__name__)
def test_a_hundred_steps_equal_torch(ours, make):
    start = np.random.default_rng(0).normal(size=20)
    theta, parameter = start.copy(), torch.nn.Parameter(torch.tensor(start))
    theirs = make([parameter])
    for step in range(100):
        ours.step(theta, gradient(theta))
        parameter.grad = torch.tensor(gradient(parameter.detach().numpy()))
        theirs.step()
        assert relative_difference(theta, parameter.detach().numpy()) <= 1e-12, step
    assert ours.updates == 100


def test_adam_is_algorithm_1_of_the_paper():
    theta, m, v, eps = np.array([1.0, -2.0]), 0.0, 0.0, 0.1
    ours, other = Adam(0.05, (0.9, 0.99), eps), theta.copy()
    for t in range(1, 20):
        g = gradient(theta)
        ours.step(other, gradient(other))
        m, v = 0.9 * m + 0.1 * g, 0.99 * v + 0.01 * g**2
        theta = theta - 0.05 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.99**t)) + eps)
        np.testing.assert_allclose(other, theta, rtol=1e-13)


def test_the_first_adam_step_has_the_length_of_the_rate():
    theta = np.zeros(3)
    Adam(0.1, eps=0.0).step(theta, np.array([1e-6, -1.0, 1e6]))
    np.testing.assert_allclose(theta, [-0.1, 0.1, -0.1], rtol=1e-12)


def test_a_step_allocates_nothing_after_the_first():
    theta, g = np.zeros(100_000), np.ones(100_000)
    optimiser = Adam(0.1)
    optimiser.step(theta, g)
    kept = {name: id(vector) for name, vector in optimiser.state.items()}
    import tracemalloc

    tracemalloc.start()
    optimiser.step(theta, g)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10_000
    assert kept == {name: id(vector) for name, vector in optimiser.state.items()}


def test_float32_stays_float32():
    for ours in (SGD(0.01), Momentum(0.1), AdaGrad(0.1), RMSprop(0.1), AdaDelta(), Adam(), AdamW()):
        theta = np.ones(4, np.float32)
        for _ in range(3):
            ours.step(theta, np.ones(4, np.float32))
        assert theta.dtype == np.float32
        assert all(vector.dtype == np.float32 for vector in ours.state.values())


def test_schedules():
    assert [constant(0.1)(k) for k in (0, 5)] == [0.1, 0.1]
    assert [step_decay(1.0, 0.5, 10)(k) for k in (0, 9, 10, 25)] == [1.0, 1.0, 0.5, 0.25]
    assert exponential(1.0, 0.5, 10)(5) == pytest.approx(0.5**0.5)
    half = cosine(1.0, 100, 0.2)
    assert [half(k) for k in (0, 50, 100, 200)] == pytest.approx([1.0, 0.6, 0.2, 0.2])
    assert cosine(0.5, 3, lowest=0.5)(2) == 0.5
    assert [warmup(constant(1.0), 4)(k) for k in (0, 1, 3, 9)] == [0.25, 0.5, 1.0, 1.0]


def test_an_optimiser_follows_its_schedule():
    theta = np.zeros(1)
    ours = SGD(step_decay(1.0, 0.5, 1))
    for _ in range(3):
        ours.step(theta, np.ones(1))
    assert theta[0] == -1.75


def test_clipping():
    g = np.array([3.0, 4.0])
    assert clip_by_norm(g, 10.0) == 5.0
    np.testing.assert_array_equal(g, [3.0, 4.0])
    assert clip_by_norm(g, 1.0) == 5.0
    np.testing.assert_allclose(g, [0.6, 0.8], rtol=1e-15)
    g = np.array([-3.0, 0.5])
    clip_by_value(g, 1.0)
    np.testing.assert_array_equal(g, [-1.0, 0.5])


@pytest.mark.parametrize(
    "make",
    [lambda: SGD(0.0), lambda: SGD(-1.0), lambda: Adam(betas=(0.9, 1.0)), lambda: clip_by_norm(np.ones(2), 0.0),
     lambda: clip_by_value(np.ones(2), -1.0), lambda: cosine(1.0, 0)],
)  # fmt: skip
def test_impossible_settings(make):
    with pytest.raises(ValueError, match=r"^[^\n]+ expected [^\n]+, given [^\n]+\.$"):
        make()
