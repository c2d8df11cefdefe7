// Checks an entry of the state against a block's header, by docs/spec/state-tree.md.
(function () {
  "use strict";

  var place = document.getElementById("proof");
  if (!place) return;
  var list = document.getElementById("proof-steps");

  function bytes(hex) {
    if (hex.length % 2 || !/^[0-9a-f]*$/.test(hex)) throw new Error("that is no hex");
    var out = new Uint8Array(hex.length / 2);
    for (var i = 0; i < out.length; i++) out[i] = parseInt(hex.substr(2 * i, 2), 16);
    return out;
  }

  function hex(data) {
    return Array.from(data, function (byte) {
      return byte.toString(16).padStart(2, "0");
    }).join("");
  }

  function join() {
    var parts = Array.prototype.slice.call(arguments);
    var length = parts.reduce(function (sum, part) { return sum + part.length; }, 0);
    var out = new Uint8Array(length);
    var at = 0;
    parts.forEach(function (part) { out.set(part, at); at += part.length; });
    return out;
  }

  async function sha256(data) {
    return new Uint8Array(await crypto.subtle.digest("SHA-256", data));
  }

  // A hash for one purpose: the tag's length, the tag, and what is hashed.
  async function tagged(tag, data) {
    var text = new TextEncoder().encode(tag);
    return sha256(join(new Uint8Array([text.length]), text, data));
  }

  function bit(path, index) {
    return (path[index >> 3] >> (7 - (index & 7))) & 1;
  }

  // A reader that refuses to read beyond the end, or to leave anything.
  function reader(data) {
    var at = 0;
    return {
      take: function (count) {
        if (at + count > data.length) throw new Error("the bytes end too early");
        at += count;
        return data.slice(at - count, at);
      },
      number: function (count) {
        return this.take(count).reduce(function (sum, byte) { return sum * 256 + byte; }, 0);
      },
      rest: function () { return data.slice(at); },
      end: function () { if (at !== data.length) throw new Error("there are bytes left over"); }
    };
  }

  function readProof(data) {
    var read = reader(data);
    if (read.number(1) !== 1) throw new Error("the proof has another version");
    var kind = read.number(1);
    if (kind > 2) throw new Error("the proof ends in an unknown way");
    var other = kind === 2 ? { path: read.take(32), valueHash: read.take(32) } : null;
    var count = read.number(2);
    if (count > 256) throw new Error("the proof has too many hashes");
    var marks = read.take(Math.ceil(count / 8));
    for (var spare = count; spare < marks.length * 8; spare++) {
      if (bit(marks, spare)) throw new Error("a hash is marked that is not there");
    }
    var siblings = [];
    for (var i = 0; i < count; i++) {
      var sibling = bit(marks, i) ? read.take(32) : new Uint8Array(32);
      if (bit(marks, i) && !sibling.some(Boolean)) throw new Error("a hash is marked and zero");
      siblings.push(sibling);
    }
    read.end();
    return { kind: kind, other: other, siblings: siblings };
  }

  function readHeader(data) {
    var read = reader(data);
    if (read.number(1) !== 1) throw new Error("the header has another version");
    var fields = read.take(32 + 8 + 8 + 32 * 4);
    var view = reader(fields);
    var header = { chain: view.take(32), height: view.number(8), time: view.number(8) };
    view.take(96);
    header.stateRoot = view.take(32);
    header.signed = join(new Uint8Array([1]), fields);
    if (read.number(1) !== 1) throw new Error("the header's key is not of Ed25519");
    header.key = read.take(32);
    if (read.number(1) !== 1) throw new Error("key and signature are of two schemes");
    if (read.number(4) !== 64) throw new Error("the signature has another length");
    header.signature = read.take(64);
    read.end();
    return header;
  }

  function step(title, text, value, good) {
    var item = document.createElement("li");
    var head = document.createElement("strong");
    head.textContent = title;
    item.append(head);
    if (text) {
      var note = document.createElement("span");
      note.className = "soft";
      note.textContent = " " + text;
      item.append(note);
    }
    if (value) {
      var code = document.createElement("code");
      code.textContent = value;
      item.append(code);
    }
    if (good !== undefined) item.className = good ? "good" : "bad";
    list.append(item);
  }

  var verdicts = {
    verified: ["Verified", "good"], failed: ["Not verified", "bad"],
    unsealed: ["Signature not checked", "quiet"]
  };

  function conclude(verdict, text) {
    var badge = document.getElementById("verdict-badge");
    badge.textContent = verdicts[verdict][0];
    badge.className = "badge " + verdicts[verdict][1];
    document.getElementById("verdict-text").textContent = text;
    place.dataset.verdict = verdict;
  }

  async function leafOf(proof, path, value) {
    if (proof.kind === 0) {
      if (value === null) throw new Error("the proof shows an entry, but there is no value");
      var valueHash = await sha256(value);
      step("Value", "its SHA-256", hex(valueHash));
      return sha256(join(new Uint8Array([0]), path, valueHash));
    }
    if (value !== null) throw new Error("the proof shows that there is no entry");
    if (proof.kind === 1) return new Uint8Array(32);
    var other = proof.other.path;
    var agrees = proof.siblings.every(function (_, i) { return bit(other, i) === bit(path, i); });
    if (!agrees || hex(other) === hex(path)) {
      throw new Error("the entry beside it stands elsewhere");
    }
    return sha256(join(new Uint8Array([0]), other, proof.other.valueHash));
  }

  function imported(key) {
    return crypto.subtle.importKey("raw", key, { name: "Ed25519" }, false, ["verify"]);
  }

  // Asked with a key that is surely one, the curve's base point: what fails with the header's own
  // key may be the key's fault.
  async function canCheckSignatures() {
    var base = new Uint8Array(32).fill(0x66);
    base[0] = 0x58;
    try {
      await imported(base);
      return true;
    } catch (error) {
      return false;
    }
  }

  async function signatureIsGood(header) {
    var digest = await tagged("stoa/block-header/1", header.signed);
    try {
      var key = await imported(header.key);
      return await crypto.subtle.verify({ name: "Ed25519" }, key, header.signature, digest);
    } catch (error) {
      return false;
    }
  }

  async function check() {
    if (!window.crypto || !crypto.subtle) {
      throw new Error("this browser hashes only on secure pages: open this one over https");
    }
    if (!place.dataset.proof) throw new Error("the ledger gave no proof");
    var path = await tagged("stoa/state-key/1", bytes(place.dataset.key));
    step("Path", "where the key stands in the tree", hex(path));
    var proof = readProof(bytes(place.dataset.proof));
    var value = place.dataset.value ? bytes(place.dataset.value) : null;
    var hash = await leafOf(proof, path, value);
    step("Leaf", ["the entry's own hash", "nothing stands there",
      "the only entry near it, which is another"][proof.kind], hex(hash));
    for (var depth = proof.siblings.length - 1; depth >= 0; depth--) {
      var beside = proof.siblings[depth];
      var isRight = bit(path, depth) === 1;
      hash = await sha256(isRight
        ? join(new Uint8Array([1]), beside, hash) : join(new Uint8Array([1]), hash, beside));
    }
    step("Root", "after " + proof.siblings.length + " joins with the hashes beside the way",
      hex(hash));
    if (!place.dataset.header) {
      return conclude("failed", "The root was computed, but the ledger gave no header with it. "
        + "A network's clients compare it with what validators signed.");
    }
    var header = readHeader(bytes(place.dataset.header));
    var block = "block " + header.height.toLocaleString("en");
    var isOurs = hex(header.chain) === place.dataset.chain;
    step("Chain", isOurs ? "the one of this market" : "another one than this market's",
      hex(header.chain), isOurs);
    if (!isOurs) return conclude("failed", "The header is of another chain.");
    var same = hex(header.stateRoot) === hex(hash);
    step("Header of " + block, same ? "commits to this root" : "has another root",
      hex(header.stateRoot), same);
    if (!same) {
      return conclude("failed", "The entry is not in the state that the header commits to.");
    }
    var said = value === null ? "There is no such entry in the state of " + block + "."
      : "This entry is in the state of " + block + ".";
    if (!await canCheckSignatures()) {
      step("Seal", "this browser cannot check Ed25519; the header claims this key",
        hex(header.key));
      return conclude("unsealed", "The root matches the header, but this browser cannot check who "
        + "signed it. If the key below signed: " + said);
    }
    var isSigned = await signatureIsGood(header);
    step("Seal", isSigned ? "the header is signed by this key" : "the signature does not verify",
      hex(header.key), isSigned);
    if (!isSigned) return conclude("failed", "The header's signature does not verify.");
    conclude("verified", said);
  }

  document.getElementById("verdict-text").textContent = "Checking…";
  check().catch(function (error) {
    conclude("failed", "The check ended: " + error.message + ".");
  });
})();
