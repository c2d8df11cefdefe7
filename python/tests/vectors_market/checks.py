"""All checks of the market's vectors, for check_vectors.py and for `python3 -m vectors_market`."""

from vectors_market import check_chain, check_documents


def run(checker):
    """`checker` has `load(path)` and `same(name, expected, found)`."""
    check_documents.run(checker)
    check_chain.run(checker)
