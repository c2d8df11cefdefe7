"""python3 -m vectors_market: checks the market's vectors alone."""

import json
import sys

from vectors_market import checks, generate


class Checker:
    """Counts what agrees and keeps what does not, as check_vectors.py does."""

    def __init__(self, root=generate.VECTORS):
        self.root, self.checks, self.failures = root, 0, []

    def same(self, name, expected, found):
        self.checks += 1
        if expected != found:
            self.failures.append(f"{name}: the vector says {expected}, computed {found}")

    def load(self, path):
        return json.loads((self.root / path).read_text())


if __name__ == "__main__":
    checker = Checker()
    checks.run(checker)
    for failure in checker.failures:
        print(failure[:1000])
    print(f"{checker.checks} checks, {len(checker.failures)} failures")
    sys.exit(1 if checker.failures else 0)
