"""Writes the market's canonical vectors: python3 -m vectors_market.generate (Vectors/README.md)."""

import json
import pathlib
import sys

from vectors_market import names, samples

VECTORS = pathlib.Path(__file__).resolve().parents[3] / "Vectors"


def write(path, vectors):
    """One vector a line, so that a change shows as what it is."""
    lines = ",\n".join(json.dumps(vector, ensure_ascii=False) for vector in vectors)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"[\n{lines}\n]\n")
    print(f"{path.relative_to(VECTORS.parent)}: {len(vectors)}", file=sys.stderr)


def canonical():
    folder = VECTORS / "canonical" / "market"
    write(folder / "messages.json", samples.cases("Message"))
    write(folder / "events.json", samples.cases("Event"))
    write(folder / "entries.json", samples.entries())
    write(folder / "refused.json", samples.refused())
    write(folder / "names.json", names.examples())


def ledger():
    """The story alone: scripts/vectors lets the ledger play it."""
    from vectors_market import story

    told = story.told()
    path = VECTORS / "ledger" / "market.json"
    path.write_text(json.dumps(told) + "\n")
    print(f"{path.relative_to(VECTORS.parent)}: {len(told['blocks'])} blocks", file=sys.stderr)


if __name__ == "__main__":
    canonical()
    if sys.argv[1:] == ["all"]:
        ledger()
