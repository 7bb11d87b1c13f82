"""Mutation testing of a sample: `make mutants SEED=n` changes one place at a time and counts what the tests find.

The results lie in `.mutants/` below a hash of the checkout: the same command after an interruption goes on.
"""

import argparse
import json
import os
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from tests.mutants.covering import Covering, content_of_checkout
from tests.mutants.places import ROOMS, ROOT, Mutant, sample
from tests.mutants.trial import NO_VERDICT, judge, prepare

ENOUGH = 95
"""Percent of the mutants that the tests must kill."""


def main() -> int:
    """Try the sample of a seed; the exit status is 1 below 95 percent."""
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    parser.add_argument("seed", help="any text, such as the first 8 hex digits of a commit")
    parser.add_argument("--count", type=int, default=150, help="mutants, in equal parts of the rooms")
    chosen = parser.parse_args()
    folder = ROOT / ".mutants" / content_of_checkout()
    covering = Covering(folder)
    covering.record()
    if covering.failed:
        print(f"Left out, because they fail without a mutant too: {', '.join(sorted(covering.failed))}")
    results = _tried(sample(chosen.seed, chosen.count), covering, folder / f"{chosen.seed}-{chosen.count}.jsonl")
    print(report(chosen.seed, results))
    killed = sum(result["killed"] for result in results)
    return 0 if killed * 100 >= ENOUGH * len(results) else 1


def _tried(mutants: list[Mutant], covering: Covering, file: Path) -> list[dict[str, Any]]:
    """Return the result of each mutant; those of an interrupted run come from the file."""
    results = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
    known = {result["key"] for result in results}
    missing = [(mutant, covering.tests(mutant)) for mutant in mutants if mutant.key not in known]
    prepare()
    with ThreadPoolExecutor(os.cpu_count()) as pool, file.open("a") as kept:
        for future in as_completed([pool.submit(_result, mutant, tests) for mutant, tests in missing]):
            result = future.result()
            results.append(result)
            kept.write(json.dumps(result) + "\n")
            kept.flush()
            outcome = "killed  " if result["killed"] else "SURVIVED"
            print(f"{len(results):3}/{len(mutants)} {outcome} {result['seconds']:5.1f} s  {result['key']}", flush=True)
    return results


def _result(mutant: Mutant, tests: list[str]) -> dict[str, Any]:
    start = time.monotonic()
    verdict = judge(mutant, tests)
    return {
        "key": mutant.key,
        "room": mutant.room,
        "place": f"{mutant.file}:{mutant.line}",
        "diff": mutant.diff,
        "killed": verdict.killed,
        "by": verdict.by,
        "tests": len(tests),
        "seconds": round(time.monotonic() - start, 1),
    }


def report(seed: str, results: list[dict[str, Any]]) -> str:
    """Return the table of the rooms, the survivors with their changes, and the mutants that no test judged."""
    mutants = Counter(result["room"] for result in results)
    killed = Counter(result["room"] for result in results if result["killed"])
    rows = [(room, mutants[room], killed[room]) for room in ROOMS if mutants[room]]
    rows.append((f"all, seed {seed}", mutants.total(), killed.total()))
    lines = ["", "| room | mutants | killed | survived | killed % |", "|---|--:|--:|--:|--:|"]
    lines += [f"| {room} | {all_} | {dead} | {all_ - dead} | {100 * dead / all_:.1f} |" for room, all_, dead in rows]
    for result in sorted((result for result in results if not result["killed"]), key=lambda result: result["place"]):
        diff = [f"    {line}" for line in result["diff"]]
        lines += ["", f"{result['place']} survived {result['tests']} tests", *diff]
    lines += [f"{result['place']}: {result['by']}" for result in results if result["by"].startswith(NO_VERDICT)]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
