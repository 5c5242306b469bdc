"""The benchmarks run and count right. No test here looks at a clock."""

import json
from pathlib import Path

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


@pytest.mark.parametrize(("arguments", "words"), [
    (["--json", "."], "expected a file in a folder that can be written to, given ."),
    (["--json", "/dev/null/bench.json"], "expected a file in a folder that can be written to, given /dev/null/b"),
    (["words"], "NAME expected a part of one of"),
])  # fmt: skip
def test_bad_arguments_are_refused_before_anything_is_measured(arguments, words, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["benchmarks", *arguments])
    monkeypatch.setattr(table, "run", lambda *_: pytest.fail("measured all the same"))
    with pytest.raises(SystemExit):
        table.main()
    assert words in " ".join(capsys.readouterr().err.split())


def test_memory_grows_as_T_and_with_checkpointing_as_its_root():
    T = [256, 1024, 4096]
    sizes = {"H": 16, "B": 2, "V": 5}
    full = scaling.slope(T, [scaling.peak_bytes(None, T=t, **sizes) for t in T])
    checkpointed = scaling.slope(T, [scaling.peak_bytes("sqrt", T=t, **sizes) for t in T])
    assert 0.8 < full < 1.05
    assert checkpointed < 0.6


def test_the_words_of_the_page_fit_the_record():
    record = json.loads((Path(__file__).parents[1] / "experiments/results/scaling.json").read_text())
    slopes = {name: curve["slope"] for name, curve in record["time"].items()}
    assert abs(slopes["T"] - 1) < 0.15, "near 1"
    assert abs(slopes["H"] - 2) < 0.15, "goes to 2"
    assert abs(slopes["B"] - 1) < 0.15, "costs its share"
    T, B = ({n: ms for n, ms in zip(c["values"], c["ms"], strict=True)} for c in map(record["time"].get, "TB"))
    assert 0.75 < scaling.slope([16, 32, 64], [T[16], T[32], T[64]]) < 1.15, "almost from the start"
    assert 1.6 < B[8] / B[1] < 2.4, "about twice"
    memory = record["memory"]
    assert abs(memory["full"]["slope"] - 1) < 0.1 and memory["checkpointed"]["slope"] < 0.55
