"""Assets as others read them, what flipped bytes do, and who earns what of a real call.

The formats are judged by their own authors' programs, as PyPI has them.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "python"))

from stoa_market.processes import Service, Stoa  # noqa: E402

mlcroissant = pytest.importorskip("mlcroissant")
pytest.importorskip("cyclonedx.validation.json")
pytest.importorskip("in_toto_attestation")

from cyclonedx.model.bom import Bom  # noqa: E402
from cyclonedx.schema import SchemaVersion  # noqa: E402
from cyclonedx.validation.json import JsonStrictValidator  # noqa: E402
from google.protobuf.json_format import ParseDict  # noqa: E402
from in_toto_attestation.predicates.provenance.v1 import provenance_pb2  # noqa: E402
from in_toto_attestation.v1 import statement_pb2  # noqa: E402
from in_toto_attestation.v1.statement import Statement  # noqa: E402

OWNERS = ("alice", "bob", "carol")


class Family:
    """A corpus of Alice's, a model of Bob's trained on it, and Carol's fine-tune of that."""

    def __init__(self, home: Path, binary: Path):
        home.mkdir(parents=True, exist_ok=True)
        self.home = home
        stoa = Stoa(binary, home)
        for wallet in (*OWNERS, "buyer"):
            stoa("wallet", "new", wallet)
        allocations = [word for name in (*OWNERS, "buyer")
                       for word in ("--allocate", f"{name}=1000")]
        stoa("node", "init", *allocations, "--closing-delay-blocks", "10")
        self.node = stoa.service("node", "node", "run", "--port", "0").start()
        self.stoa = Stoa(binary, home, self.node.url)
        self.files = home / "files"
        self.files.mkdir()
        self.corpus = self.write("corpus.csv", 'id,text\n1,hello\n2,"a, b"\n')
        self.labels = self.write("labels.csv", "id,label\n1,x\n2,y\n")
        self.base = self.write("base.gguf", "base weights")
        self.tune = self.write("tune.gguf", "tuned weights")
        self.ids = {
            "corpus": self.publish(
                "alice", "corpus", "--kind", "dataset", "--file", self.corpus, "--file",
                self.labels, "--royalty-min", "5%", "--licence", "CC-BY-4.0"),
            "base": self.publish(
                "bob", "base", "--file", self.base, "--royalty-min", "10%", "--parent",
                "alice/corpus:dataset:10%"),
            "tune": self.publish(
                "carol", "tune", "--file", self.tune, "--parent", "bob/base:base-model:20%",
                "--parent", "alice/corpus:dataset:5%"),
        }

    def write(self, name: str, text: str) -> str:
        path = self.files / name
        path.write_text(text)
        return str(path)

    def publish(self, wallet: str, name: str, *words: str) -> str:
        return self.stoa("asset", "publish", name, "--wallet", wallet, *words)["asset"]

    def export(self, asset: str, form: str, name: str, *words: str) -> Path:
        path = self.files / name
        done = self.stoa("asset", "export", asset, "--format", form, "--output", str(path), *words)
        assert done["file"] == str(path)
        return path

    def check(self, path: Path | str, asset: str, *words: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            [self.stoa.binary, "asset", "check", str(path), "--against", asset, *words],
            env=self.stoa.env, capture_output=True, text=True, timeout=60)


@pytest.fixture(scope="module")
def family(tmp_path_factory):
    binary = Path(os.environ.get("STOA_BINARY", ROOT / ".build" / "debug" / "stoa"))
    family = Family(tmp_path_factory.mktemp("family"), binary)
    yield family
    family.node.stop()


@pytest.fixture(scope="module")
def exports(family):
    return {
        "croissant": family.export(
            "alice/corpus", "croissant", "corpus.json", "--file", family.corpus, "--file",
            family.labels, "--published", "2026-01-31"),
        "mlbom": family.export("carol/tune", "mlbom", "tune.cdx.json", "--file", family.tune),
        "in-toto": family.export("carol/tune", "in-toto", "tune.intoto.json"),
    }


ASSETS = {"croissant": "alice/corpus", "mlbom": "carol/tune", "in-toto": "carol/tune"}


def test_croissant_loads_and_checks_the_files(family, exports):
    dataset = mlcroissant.Dataset(jsonld=str(exports["croissant"]))
    issues = dataset.metadata.ctx.issues
    assert not issues.errors and not issues.warnings
    assert dataset.metadata.name == "corpus"
    assert list(dataset.records("corpus-records")) == [
        {"corpus-records/id": b"1", "corpus-records/text": b"hello"},
        {"corpus-records/id": b"2", "corpus-records/text": b"a, b"},
    ]
    copy = family.files / "flipped"
    copy.mkdir()
    for name in ("corpus.json", "labels.csv"):
        (copy / name).write_bytes((family.files / name).read_bytes())
    (copy / "corpus.csv").write_text("id,text\n1,hellO\n")
    flipped = mlcroissant.Dataset(jsonld=str(copy / "corpus.json"))
    with pytest.raises(Exception) as caught:
        list(flipped.records("corpus-records"))
    causes = [str(caught.value), str(caught.value.__cause__)]
    assert any("hash" in cause.lower() for cause in causes), causes


def test_the_bill_of_materials_is_cyclonedx(family, exports):
    text = exports["mlbom"].read_text()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    model = Bom.from_json(json.loads(text)).metadata.component
    assert model.type.value == "machine-learning-model"
    shown = family.stoa("asset", "show", "carol/tune")
    assert [h.content for h in model.hashes] == [shown["content"]]
    assert {ancestor.name for ancestor in model.pedigree.ancestors} == {"base", "corpus"}
    broken = json.loads(text)
    broken["metadata"]["component"]["hashes"][0]["content"] = "no digest"
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(broken)) is not None


def test_the_derivation_is_an_in_toto_statement(family, exports):
    document = json.loads(exports["in-toto"].read_text())
    statement = Statement.copy_from_pb(ParseDict(document, statement_pb2.Statement()))
    statement.validate()
    provenance = ParseDict(document["predicate"], provenance_pb2.Provenance())
    inputs = {
        entry.name: entry.digest["sha256"]
        for entry in provenance.build_definition.resolved_dependencies
    }
    for name, owner in (("base", "bob"), ("corpus", "alice")):
        assert inputs[name] == family.stoa("asset", "show", f"{owner}/{name}")["content"]


@pytest.mark.parametrize("form", ASSETS)
def test_what_is_right_passes(family, exports, form):
    done = family.check(exports[form], ASSETS[form])
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("form", ASSETS)
def test_every_flipped_digest_in_an_export_is_refused(family, exports, form):
    text = exports[form].read_text()
    digests = list(re.finditer(r"[0-9a-f]{64}", text))
    assert len(digests) >= 2
    for match in digests:
        place = match.start()
        flipped = text[:place] + ("1" if text[place] != "1" else "2") + text[place + 1:]
        done = family.check(family.write(f"flipped-{form}.json", flipped), ASSETS[form])
        assert done.returncode == 1, text[text.rfind("\n", 0, place) + 1:text.find("\n", place)]
        assert "is wrong" in done.stderr


def test_flipped_bytes_of_content_are_refused(family, exports):
    assert family.check(family.tune, "carol/tune").returncode == 0
    assert family.check(family.tune, "bob/base").returncode == 1
    content = bytearray(Path(family.tune).read_bytes())
    for index in range(len(content)):
        content[index] ^= 1
        Path(family.files / "flipped.gguf").write_bytes(content)
        done = family.check(family.files / "flipped.gguf", "carol/tune")
        assert done.returncode == 1 and "neither" in done.stderr
        content[index] ^= 1
    listed = ("--listed-in", str(exports["croissant"]))
    assert family.check(family.corpus, "alice/corpus", *listed).returncode == 0
    assert family.check(family.corpus, "alice/corpus").returncode == 1
    changed = family.files / "other"
    changed.mkdir()
    (changed / "corpus.csv").write_text("id,text\n1,other\n")
    assert family.check(changed / "corpus.csv", "alice/corpus", *listed).returncode == 1


def test_the_ledger_names_the_document(family, exports):
    path = exports["croissant"]
    family.stoa("asset", "describe", "corpus", str(path), "--wallet", "alice")
    done = json.loads(family.check(path, "alice/corpus", "--json").stdout)
    assert done["isDescription"]
    assert family.stoa("asset", "show", "alice/corpus")["metadata"] == done["digest"]
    # Words, too: they are no digests, so only the document's own digest covers them.
    text = path.read_text().replace("CC-BY-4.0", "CC-BY-5.0")
    done = json.loads(family.check(family.write("words.json", text), "alice/corpus",
                                   "--json").stdout)
    assert not done["isDescription"]


def test_files_that_were_not_published_are_not_exported(family):
    done = family.stoa("asset", "export", "carol/tune", "--format", "mlbom", "--file", family.base,
                       "--output", str(family.files / "no.json"), check=False)
    assert "are not the content" in done["error"]


def test_a_call_pays_everybody_it_stands_on(family):
    mock = Path(__file__).parent / "mock_upstream.py"
    upstream = Service("upstream", [sys.executable, str(mock)], family.home / "upstream.log",
                       family.stoa.env).start()
    seller = family.stoa.service(
        "seller", "sell", "tune", "--wallet", "carol", "--upstream", upstream.url, "--weights",
        family.tune, "--price-in", "1000", "--price-out", "1000", "--port", "0").start()
    gateway = family.stoa.service(
        "gateway", "connect", "--wallet", "buyer", "--budget", "10", "--port", "0").start()
    try:
        for _ in range(3):
            call(gateway.url)
    finally:
        for service in (gateway, seller, upstream):
            service.stop()
    incomes = {name: family.stoa("asset", "income", asset) for name, asset in family.ids.items()}
    earned = {name: int(income["totals"]["native"]) for name, income in incomes.items()}
    total = sum(earned.values())
    assert total > 0
    assert abs(earned["tune"] - total * 75 // 100) <= 1
    assert abs(earned["base"] - total * 18 // 100) <= 1
    assert abs(earned["corpus"] - total * 7 // 100) <= 1
    part = incomes["corpus"]["parts"][0]
    assert part["source"] == family.ids["tune"] and part["isRoyalty"]
    assert family.stoa("supply")["conserved"] == "true"


def call(url: str) -> None:
    body = json.dumps({
        "model": "tune", "max_tokens": 8, "messages": [{"role": "user", "content": "hello"}]})
    request = urllib.request.Request(
        f"{url}/v1/chat/completions", body.encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert answer.status == 200


def test_who_accepts_owns_and_who_retires_ends(family):
    family.stoa("asset", "transfer", "corpus", "buyer", "--wallet", "alice")
    shown = family.stoa("asset", "show", "alice/corpus")
    assert shown["offeredTo"] and shown["owner"] != shown["offeredTo"]
    family.stoa("asset", "accept", "alice/corpus", "--wallet", "buyer")
    assert family.stoa("asset", "show", "alice/corpus")["owner"] == shown["offeredTo"]
    family.stoa("asset", "retire", "alice/corpus", "--wallet", "buyer")
    refused = family.stoa("asset", "publish", "late", "--wallet", "bob", "--file", family.base,
                          "--parent", "alice/corpus:dataset:10%", check=False)
    assert "lineage.parentRetired" in refused["error"]
