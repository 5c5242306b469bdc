"""Checkpoints: whole or absent, refused when damaged or foreign, and nothing unpickled."""

import json
import os
import pickle
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

import rnnlib.training.checkpoint as files
from rnnlib.data import Vocabulary
from rnnlib.nn import RecurrentModel
from rnnlib.training.checkpoint import load_model, read, save_model, write


@pytest.fixture
def saved(tmp_path):
    model = RecurrentModel("gru", V=4, H=3, layers=2, bias=2, dtype="float32", seed=5, reset="before")
    save_model(tmp_path / "model.safetensors", model, Vocabulary("abcd"), loss=1.5)
    return tmp_path / "model.safetensors", model


def test_a_model_comes_back(saved):
    path, model = saved
    other, vocabulary = load_model(path)
    assert other.config == model.config
    assert other.theta.dtype == np.float32
    np.testing.assert_array_equal(other.theta, model.theta)
    assert vocabulary.characters == list("abcd")
    assert read(path)[1]["more"] == {"loss": 1.5}
    assert load_model(path)[0].forward(np.zeros((2, 1), int))[0].shape == (2, 1, 4)


def test_the_header_is_plain_json(saved):
    data = saved[0].read_bytes()
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    assert header["__metadata__"]["format"] == files.FORMAT
    assert json.loads(header["__metadata__"]["description"])["model"]["cell"] == "gru"


def test_truncated_files_are_refused(saved):
    path, _ = saved
    data = path.read_bytes()
    for length in [*range(0, 200, 7), *range(200, len(data), 101), len(data) - 1]:
        path.write_bytes(data[:length])
        with pytest.raises(ValueError, match="checkpoint expected"):
            load_model(path)
    path.write_bytes(data + b"x")
    with pytest.raises(ValueError, match="checkpoint expected"):
        load_model(path)


def test_any_changed_bit_is_refused(saved):
    path, model = saved
    data, rng = path.read_bytes(), np.random.default_rng(0)
    for k in rng.integers(0, len(data), 300):
        changed = bytearray(data)
        changed[k] ^= 1 << rng.integers(8)
        path.write_bytes(bytes(changed))
        try:
            other, _ = load_model(path)
        except ValueError:
            continue
        # a space that pads the header, or the key's case: what was read is still what was written
        np.testing.assert_array_equal(other.theta, model.theta)
        assert other.config == model.config


def test_foreign_files_are_refused(tmp_path):
    path = tmp_path / "foreign"
    save_file({"theta": np.zeros(3)}, path)
    with pytest.raises(ValueError, match=r"marked 'rnnlib checkpoint 2', given .* with 'no such mark'"):
        load_model(path)
    save_file({"theta": np.zeros(3)}, path, metadata={"format": "rnnlib checkpoint 99"})
    with pytest.raises(ValueError, match="with 'rnnlib checkpoint 99'"):
        load_model(path)
    np.savez(tmp_path / "a.npz", theta=np.zeros(3))
    for other in (tmp_path / "a.npz", tmp_path):
        with pytest.raises(ValueError, match="checkpoint expected"):
            load_model(other)
    with pytest.raises(ValueError, match="checkpoint expected an existing file"):
        load_model(tmp_path / "none")


def test_a_model_is_saved_where_a_file_can_be(tmp_path):
    for path in (tmp_path / "none" / "c", tmp_path):
        with pytest.raises(ValueError, match="path expected a file"):
            save_model(path, RecurrentModel("rnn", V=4, H=3))


class Bomb:
    def __reduce__(self):
        return os.mkdir, ("exploded",)


def test_nothing_is_unpickled(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bomb").write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(ValueError, match="checkpoint expected"):
        load_model(tmp_path / "bomb")
    assert not (tmp_path / "exploded").exists()


def test_parameters_of_another_size_are_refused(tmp_path):
    model = RecurrentModel("rnn", V=4, H=3)
    write(tmp_path / "c", {"theta": model.theta[:-1]}, files.describe(model, None))
    with pytest.raises(ValueError, match=r"parameters in .* expected float64 \(\d+,\), given float64"):
        load_model(tmp_path / "c")


def test_a_failed_write_leaves_the_old_file(saved, monkeypatch):
    path, model = saved
    before = path.read_bytes()
    monkeypatch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(OSError("disk is gone")))
    with pytest.raises(OSError, match="disk is gone"):
        save_model(path, model)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


WRITER = """
import sys
import numpy as np
from rnnlib.training.checkpoint import write
for k in range(10**6):
    write(sys.argv[1], {"theta": np.full(50_000, float(k))}, {"k": k})
    print(k, flush=True)
"""


@pytest.mark.slow
def test_kill_at_any_moment_leaves_a_whole_file(tmp_path):
    rng, path = np.random.default_rng(0), tmp_path / "c"
    for _ in range(60):
        process = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, cwd=Path(__file__).parent.parent
        )
        process.stdout.readline()  # it is writing
        time.sleep(rng.uniform(0, 0.05))
        process.send_signal(signal.SIGKILL)
        said = process.stdout.read().split()
        process.wait()
        arrays, description = read(path)
        assert np.all(arrays["theta"] == description["k"])
        assert description["k"] >= int(said[-1] if said else 0)


TRAINER = """
import sys
import numpy as np
from rnnlib.data import TextBatches
from rnnlib.nn import Adam, RecurrentModel
from rnnlib.training import Training
tokens = np.random.default_rng(0).integers(0, 5, 300)
model = RecurrentModel("lstm", V=5, H=8, layers=2, dropout=0.3, seed=3)
run = Training(model, TextBatches(tokens, 7, 3), Adam(0.01), checkpoint=sys.argv[1], checkpoint_every=3,
               resume=sys.argv[2] == "resume", progress=False)
step = Adam.step
def paced(self, *arguments):
    sys.stdin.buffer.read(1)  # one byte an update, as long as someone sends them
    step(self, *arguments)
    print("updated", flush=True)
Adam.step = paced
run.run(400)
np.save(sys.argv[1] + ".npy", model.theta)
"""


@pytest.mark.slow
def test_training_killed_again_and_again_ends_with_the_same_bits(tmp_path):
    """Each process may make a few updates and no more, so that none of them ends before it is killed."""

    def start(name, **streams):
        how = "resume" if (tmp_path / name).exists() else "fresh"
        command = [sys.executable, "-c", TRAINER, str(tmp_path / name), how]
        return subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parent.parent, **streams)

    rng = np.random.default_rng(1)
    for _ in range(30):
        process = start("killed", stdin=subprocess.PIPE)
        updates = rng.integers(3, 9)
        process.stdin.write(bytes(int(updates) + 3))
        process.stdin.flush()
        for _ in range(updates):
            process.stdout.readline()
        time.sleep(rng.uniform(0, 0.01))  # somewhere in the last three; where does not matter to what must hold
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert process.returncode == -signal.SIGKILL
    for name in ("killed", "whole"):
        process = start(name, stdin=subprocess.DEVNULL)
        process.communicate()
        assert process.returncode == 0
    np.testing.assert_array_equal(np.load(tmp_path / "killed.npy"), np.load(tmp_path / "whole.npy"))
