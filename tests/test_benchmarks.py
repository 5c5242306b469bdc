"""The benchmarks run and count right. No test here looks at a clock."""

import json

import pytest

from benchmarks import __main__ as table
from benchmarks import scaling, workloads
from benchmarks.workloads import Workload

SMALL = [
    Workload("word", "rnn", T=5, B=1, H=4, Y=6, V=6, dtype="float64", threads=1),
    Workload("palindrome", "lstm", T=4, B=3, H=4, Y=5, D=2, every_step=False, threads=1),
    Workload("charlm", "gru", T=4, B=3, H=4, Y=5, V=5, layers=2, threads=1),
    Workload("wordlm", "rnn", T=4, B=3, H=4, Y=7, V=7, D=2, activation="sigmoid", threads=1),
]


@pytest.mark.parametrize("w", SMALL, ids=lambda w: w.name)
def test_a_workload_is_measured(w):
    result = table.run(w, seconds=0.01)
    assert set(table.COLUMNS) <= set(result)
    assert result["ratio_min"] <= result["ratio"] <= result["ratio_max"]
    assert result["float"] == w.dtype


def test_the_products_are_counted():
    word, palindrome = workloads.flops(SMALL[0]), workloads.flops(SMALL[1])
    # per step h W_hh and δ W_hhᵀ, then dW_hh, and three products of the output layer
    assert word == 2 * (5 * 4 * 4 * 2 + 5 * 4 * 4 + 3 * 5 * 4 * 6)
    # rows of 3 sequences, 16 columns for four gates, scores only after the last step; x W_xh and dW_xh too
    assert palindrome == 2 * (4 * 3 * 4 * 16 * 3 + 2 * 12 * 2 * 16 + 3 * 3 * 4 * 5)


def test_ours_and_theirs_are_the_same_size():
    for w in [*SMALL, *workloads.ALL]:
        ours, theirs = workloads.our_model(w), workloads.TorchModel(w)
        two_biases = w.layers * w.H * {"rnn": 1, "lstm": 4, "gru": 3}[w.cell]  # PyTorch's second bias vectors
        assert ours.theta.size + two_biases == sum(p.numel() for p in theirs.parameters())


def test_the_command_writes_the_numbers(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(workloads, "ALL", SMALL)
    monkeypatch.setattr("sys.argv", ["benchmarks", "word", "--seconds", "0.01", "--json", str(tmp_path / "bench.json")])
    assert table.main() == 0
    assert set(json.loads((tmp_path / "bench.json").read_text())) == {"word", "wordlm"}
    assert "gemm_only_ms" in capsys.readouterr().out


def test_memory_grows_as_T_and_with_checkpointing_as_its_root():
    T = [256, 1024, 4096]
    sizes = {"H": 16, "B": 2, "V": 5}
    full = scaling.slope(T, [scaling.peak_bytes(None, T=t, **sizes) for t in T])
    checkpointed = scaling.slope(T, [scaling.peak_bytes("sqrt", T=t, **sizes) for t in T])
    assert 0.8 < full < 1.05
    assert checkpointed < 0.6
