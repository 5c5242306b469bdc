"""The cells one step at a time, a line for a formula: read this first.

Each cell is two functions. A step goes forward, from x_t and the state before it to the state after, and hands on what
the way back needs. Its `back` goes from ∂L/∂ the state after to ∂L/∂ the state before, to ∂L/∂x_t and to this step's
part of the gradients of the weights, in the order of the weights. The layers `RNN`, `LSTM`, `GRU` and `PhasedLSTM`
compute the same for all steps of a batch, many times faster, and are tested equal to what stands here.

Letters are those of the book: vectors are rows, alone (D,) or one for each sequence of a batch, (B, D). `a` is what a
nonlinearity is applied to, `da` is δ_t = ∂L/∂a_t, and `dX` is ∂L/∂X in X's shape. Where there are several gates, W_xh,
W_hh and b_h hold their columns side by side: i, f, o and g, or z, r and n.
"""

import numpy as np


def rnn_step(x_t, h_before, W_xh, W_hh, b_h):
    """The vanilla network (Elman 1990, "Finding structure in time")."""
    a = x_t @ W_xh + h_before @ W_hh + b_h
    h_t = np.tanh(a)
    return (h_t,), (x_t, h_before, h_t)


def rnn_back(dh_t, kept, W_xh, W_hh, b_h):
    x_t, h_before, h_t = kept
    da = dh_t * (1 - h_t**2)  # tanh' = 1 - tanh²
    dh_before = da @ W_hh.T
    dx_t = da @ W_xh.T
    dW_xh, dW_hh, db_h = outer(x_t, da), outer(h_before, da), total(da)
    return (dh_before,), dx_t, (dW_xh, dW_hh, db_h)


def lstm_step(x_t, h_before, c_before, W_xh, W_hh, b_h):
    """The LSTM (Hochreiter and Schmidhuber 1997) with the forget gate of Gers, Schmidhuber and Cummins (2000)."""
    a_i, a_f, a_o, a_g = np.split(x_t @ W_xh + h_before @ W_hh + b_h, 4, axis=-1)
    i = sigmoid(a_i)
    f = sigmoid(a_f)
    o = sigmoid(a_o)
    g = np.tanh(a_g)
    c_t = f * c_before + i * g
    h_t = o * np.tanh(c_t)
    return (h_t, c_t), (x_t, h_before, c_before, i, f, o, g, c_t)


def lstm_back(dh_t, dc_later, kept, W_xh, W_hh, b_h):
    """`dc_later` is what reaches c_t from the step after; the rest of ∂L/∂c_t comes through h_t."""
    x_t, h_before, c_before, i, f, o, g, c_t = kept
    dc_t = dc_later + dh_t * o * (1 - np.tanh(c_t) ** 2)
    da_i = dc_t * g * i * (1 - i)  # σ' = σ (1 - σ)
    da_f = dc_t * c_before * f * (1 - f)
    da_o = dh_t * np.tanh(c_t) * o * (1 - o)
    da_g = dc_t * i * (1 - g**2)
    da = np.concatenate([da_i, da_f, da_o, da_g], axis=-1)
    dh_before, dc_before = da @ W_hh.T, dc_t * f
    dx_t = da @ W_xh.T
    dW_xh, dW_hh, db_h = outer(x_t, da), outer(h_before, da), total(da)
    return (dh_before, dc_before), dx_t, (dW_xh, dW_hh, db_h)


def gru_before_step(x_t, h_before, W_xh, W_hh, b_h):
    """The GRU (Cho et al. 2014, equations 5 to 8): r_t resets before the product with W_hn; z_t keeps."""
    W_hz, W_hr, W_hn = np.split(W_hh, 3, axis=-1)
    x_z, x_r, x_n = np.split(x_t @ W_xh + b_h, 3, axis=-1)
    z = sigmoid(x_z + h_before @ W_hz)
    r = sigmoid(x_r + h_before @ W_hr)
    n = np.tanh(x_n + (r * h_before) @ W_hn)
    h_t = z * h_before + (1 - z) * n
    return (h_t,), (x_t, h_before, z, r, n)


def gru_before_back(dh_t, kept, W_xh, W_hh, b_h):
    W_hz, W_hr, W_hn = np.split(W_hh, 3, axis=-1)
    x_t, h_before, z, r, n = kept
    da_z = dh_t * (h_before - n) * z * (1 - z)
    da_n = dh_t * (1 - z) * (1 - n**2)
    dq = da_n @ W_hn.T  # of q = r_t ⊙ h_{t-1}
    da_r = dq * h_before * r * (1 - r)
    da = np.concatenate([da_z, da_r, da_n], axis=-1)
    dh_before = dh_t * z + dq * r + da_z @ W_hz.T + da_r @ W_hr.T
    dx_t = da @ W_xh.T
    dW_hh = np.hstack([outer(h_before, da_z), outer(h_before, da_r), outer(r * h_before, da_n)])
    dW_xh, db_h = outer(x_t, da), total(da)
    return (dh_before,), dx_t, (dW_xh, dW_hh, db_h)


def gru_after_step(x_t, h_before, W_xh, W_hh, b_xh, b_hh):
    """The GRU of PyTorch and cuDNN: r_t resets after the product with W_hn, and a part of b_hh with it; z_t keeps."""
    x_z, x_r, x_n = np.split(x_t @ W_xh + b_xh, 3, axis=-1)
    q_z, q_r, q_n = np.split(h_before @ W_hh + b_hh, 3, axis=-1)
    z = sigmoid(x_z + q_z)
    r = sigmoid(x_r + q_r)
    n = np.tanh(x_n + r * q_n)
    h_t = z * h_before + (1 - z) * n
    return (h_t,), (x_t, h_before, z, r, n, q_n)


def gru_after_back(dh_t, kept, W_xh, W_hh, b_xh, b_hh):
    x_t, h_before, z, r, n, q_n = kept
    da_z = dh_t * (h_before - n) * z * (1 - z)
    da_n = dh_t * (1 - z) * (1 - n**2)
    da_r = da_n * q_n * r * (1 - r)
    da = np.concatenate([da_z, da_r, da_n], axis=-1)
    dq = np.concatenate([da_z, da_r, da_n * r], axis=-1)
    dh_before = dh_t * z + dq @ W_hh.T
    dx_t = da @ W_xh.T
    dW_xh, dW_hh, db_xh, db_hh = outer(x_t, da), outer(h_before, dq), total(da), total(dq)
    return (dh_before,), dx_t, (dW_xh, dW_hh, db_xh, db_hh)


def openness(time, tau, shift, r_on, alpha):
    """Each unit opens, k, for a share r_on of its period τ; for the rest it is shut but for a leak, α φ."""
    turns = (np.asarray(time)[..., None] - shift) / tau
    phase = turns - np.floor(turns.real)  # ((time - shift) mod τ) / τ
    rises, opened = phase < r_on / 2, phase < r_on
    k = np.where(rises, 2 * phase / r_on, np.where(opened, 2 - 2 * phase / r_on, alpha * phase))
    return k, (turns, phase, rises, opened)


def openness_back(dk, kept, tau, shift, r_on, alpha):
    turns, phase, rises, opened = kept
    dphase = dk * np.where(rises, 2 / r_on, np.where(opened, -2 / r_on, alpha))
    dtau = -dphase * turns / tau  # φ is (time - shift) / τ less a whole number of turns
    dshift = -dphase / tau
    dr_on = dk * np.where(rises, -1, np.where(opened, 1, 0)) * 2 * phase / r_on**2
    dalpha = dk * np.where(opened, 0, phase)
    return total(dtau), total(dshift), total(dr_on), total(dalpha)


def phased_lstm_step(x_and_time, h_before, c_before, W_xh, W_hh, b_h, *period):
    """The Phased LSTM (Neil et al. 2016, equations 2 to 10, without peepholes); `period` is τ, shift, r_on and α."""
    x_t, time = x_and_time
    (h_open, c_open), of_lstm = lstm_step(x_t, h_before, c_before, W_xh, W_hh, b_h)
    k, of_openness = openness(time, *period)
    c_t = k * c_open + (1 - k) * c_before
    h_t = k * h_open + (1 - k) * h_before
    return (h_t, c_t), (h_before, c_before, h_open, c_open, k, of_lstm, of_openness)


def phased_lstm_back(dh_t, dc_t, kept, W_xh, W_hh, b_h, *period):
    h_before, c_before, h_open, c_open, k, of_lstm, of_openness = kept
    dk = dh_t * (h_open - h_before) + dc_t * (c_open - c_before)
    (dh, dc), dx_t, dweights = lstm_back(dh_t * k, dc_t * k, of_lstm, W_xh, W_hh, b_h)
    dh_before, dc_before = dh + dh_t * (1 - k), dc + dc_t * (1 - k)
    return (dh_before, dc_before), dx_t, (*dweights, *openness_back(dk, of_openness, *period))


# A whole network: any of these cells through time, scores from each state, softmax and cross-entropy.


def forward(step, x, state, weights):
    """h_1 to h_T, the last state, and what each step keeps for the way back."""
    h, kept = [], []
    for x_t in x:
        state, kept_t = step(x_t, *state, *weights)
        h.append(state[0])
        kept.append(kept_t)
    return h, state, kept


def backward(back, dh, dstate, kept, weights):
    """From ∂⁺L/∂h_1 to ∂⁺L/∂h_T, through the output of each step only, and ∂L/∂ the last state from what follows."""
    dx, dweights = [], [np.zeros_like(W) for W in weights]
    for dh_t, kept_t in zip(reversed(dh), reversed(kept), strict=True):
        dstate, dx_t, dweights_t = back(dstate[0] + dh_t, *dstate[1:], kept_t, *weights)
        dx.insert(0, dx_t)
        dweights = [dW + dW_t for dW, dW_t in zip(dweights, dweights_t, strict=True)]
    return dx, dstate, dweights


def cross_entropy_step(s_t, y_t):
    """l_t = -Σ y_t ln ŷ_t with ŷ_t = softmax(s_t), for one-hot y_t, and its gradient ∂l_t/∂s_t = ŷ_t - y_t."""
    s = s_t - s_t.max(axis=-1, keepdims=True)  # the same softmax, and nothing overflows
    log_yhat = s - np.log(np.exp(s).sum(axis=-1, keepdims=True))
    return -(y_t * log_yhat).sum(), np.exp(log_yhat) - y_t


def loss_and_gradients(step, back, x, y, state, weights, W_hy, b_y):
    """The loss of a sequence with targets y, and ∂L/∂ the weights, W_hy and b_y."""
    h, state, kept = forward(step, x, state, weights)
    L, dW_hy, db_y, dh = 0, 0, 0, []
    for h_t, y_t in zip(h, y, strict=True):
        l_t, ds = cross_entropy_step(h_t @ W_hy + b_y, y_t)
        L += l_t
        dW_hy += outer(h_t, ds)
        db_y += total(ds)
        dh.append(ds @ W_hy.T)
    _, _, dweights = backward(back, dh, [np.zeros_like(part) for part in state], kept, weights)
    return L, (*dweights, dW_hy, db_y)


# What the lines above use.


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def outer(u, v):
    """uᵀ v, the outer product of two rows; of two batches, the sum over the sequences."""
    return np.atleast_2d(u).T @ np.atleast_2d(v)


def total(v):
    """A row as it is; of a batch, the sum over the sequences."""
    return np.atleast_2d(v).sum(axis=0)
