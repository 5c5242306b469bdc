"""The claims of chapter 4 that exercises ask for, and the network that chapters 4 and 5 are about."""
from ..given import Given

NETWORK = Given("""
    T, D, H, V: size
    t: 1..T
    x: real[T, D]                                | the inputs, one row a step
    y: distribution[T, V]                        | the targets, one row a step
    h0: real[H]                                  | the state before the first step
    W_xh: real[D, H]
    W_hh: real[H, H]
    b_h: real[H]
    W_hy: real[H, V]
    b_y: real[V]
    v: 1..V
    h[0] := h0                                   | where it starts
    a[t] := x[t] @ W_xh + h[t-1] @ W_hh + b_h    | what reaches the hidden units
    h[t] := tanh(a[t])                           | the hidden state
    s[t] := h[t] @ W_hy + b_y                    | the scores
    p[t] := softmax(s[t])                        | the probabilities
    l[t] := -sum(y[t, v] * log(p[t, v]), v)      | the loss of one step
    L := sum(l[t], t)                            | the loss of the sequence
""", id="rnn.network")
