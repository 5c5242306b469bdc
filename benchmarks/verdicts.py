"""How long verdicts take: `python -m benchmarks.verdicts`.

Times are those of the processor, of one run on answers as students write them (`tests/student_answers.toml`).
"""

import sys
import time
import tomllib
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parents[1]
ANSWERS = ROOT / "tests" / "student_answers.toml"


def main():
    """Print the times of the import, of the making of claims, and of the verdicts, first ones apart."""
    sys.path.insert(0, str(ROOT / "notebooks"))  # where a chapter finds its exercises
    started = time.process_time()
    from exercises import check, claim

    print(f"import                    {time.process_time() - started:.2f} s")
    entries = [e for kind in tomllib.loads(ANSWERS.read_text(encoding="utf-8")).values() for e in kind]
    made, first, later = {}, {}, []
    for entry in entries:
        id = entry["id"]
        if id not in made:
            made[id] = _seconds(lambda id=id: claim(id))
        taken = _seconds(lambda entry=entry: check(entry["id"], entry["answer"]))
        if id in first:
            later.append((taken, id, entry["answer"]))
        else:
            first[id] = taken
    print(f"a claim made, worst       {max(made.values()):.2f} s")
    print(f"its first verdict, worst  {max(first.values()):.2f} s")
    print(f"{len(later)} later verdicts: median {1000 * median(t for t, *_ in later):.0f} ms")
    for taken, id, answer in sorted(later)[-3:]:
        print(f"  {1000 * taken:.0f} ms  {id}  {answer}")


def _seconds(run):
    started = time.process_time()
    run()
    return time.process_time() - started


if __name__ == "__main__":
    main()
