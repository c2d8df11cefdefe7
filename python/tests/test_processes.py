"""What starts a market's processes ends those that fail, reads what they say, and empties no folder
of somebody else's."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "python"))

from stoa_market.demo_home import MARK, fresh_home  # noqa: E402
from stoa_market.processes import ProcessFailed, Service, command_of  # noqa: E402


def service(folder: Path, program: str) -> Service:
    return Service("made", [sys.executable, "-c", program], folder / "made.log", dict(os.environ))


def wait(done, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize("program, said", [
    ("import time; time.sleep(60)", "did not answer in time"),
    ("import time; print('hello', flush=True); time.sleep(60)", "instead of its address"),
    ("import time; print('[]', flush=True); time.sleep(60)", "instead of its address"),
])
def test_what_does_not_start_is_ended(tmp_path, program, said):
    made = service(tmp_path, program)
    with pytest.raises(ProcessFailed, match=said):
        made.start(timeout_seconds=1)
    assert not made.is_running and command_of(made.pid) == []


def test_a_talkative_process_is_not_held_up(tmp_path):
    made = service(tmp_path, (
        "import sys; print('{\"url\": \"http://x\"}', flush=True); "
        "sys.stdout.write('y' * 300_000); sys.stdout.flush()")).start()
    wait(lambda: not made.is_running)
    said = made.log.with_suffix(".out")
    wait(lambda: said.read_bytes().count(b"y") == 300_000)
    assert made.stop() == 0


def test_nothing_outlives_whoever_forgot_it(tmp_path):
    starter = (
        "import sys; sys.path.insert(0, sys.argv[1]); from pathlib import Path\n"
        "from stoa_market.processes import Service\n"
        "program = 'import time; print(\"http://x\", flush=True); time.sleep(60)'\n"
        "made = Service('made', [sys.executable, '-c', program], Path(sys.argv[2]), {})\n"
        "print(made.start().pid)\n")
    done = subprocess.run(
        [sys.executable, "-c", starter, str(ROOT / "python"), str(tmp_path / "made.log")],
        capture_output=True, text=True, timeout=60, check=True)
    assert command_of(int(done.stdout)) == []


def test_a_demo_empties_no_folder_but_its_own(tmp_path):
    home, own = tmp_path / "home", tmp_path / "own"
    key = home / "wallets" / "seller.key"
    key.parent.mkdir(parents=True)
    key.write_text("somebody's")
    with pytest.raises(SystemExit, match="nothing was changed"):
        fresh_home(home, own)
    assert key.read_text() == "somebody's"
    (tmp_path / "link").symlink_to(home)
    with pytest.raises(SystemExit, match="is no folder"):
        fresh_home(tmp_path / "link", own)
    for folder in (tmp_path / "new" / "demo", own):
        fresh_home(folder, own)
        (folder / "left").write_text("by the last demo")
        fresh_home(folder, own)
        assert [file.name for file in folder.iterdir()] == [MARK]
    (own / MARK).unlink()
    (own / "left").write_text("by a demo that left no mark yet")
    fresh_home(own, own)
    assert not (own / "left").exists()


def test_a_demo_that_is_ended_leaves_no_process(tmp_path):
    """The ledger's part is played by a script: what is looked at is who ends whom, and when."""
    fake = tmp_path / "stoa"
    fake.write_text(
        f"#!{sys.executable}\n"
        "import json, sys, time\n"
        "if sys.argv[1:3] == ['node', 'run']:\n"
        "    print(json.dumps({'url': 'http://127.0.0.1:1'}), flush=True)\n"
        "    time.sleep(120)\n"
        "print(json.dumps({'chain': '0' * 64, 'supplyObol': '0'}))\n")
    fake.chmod(0o755)
    home = tmp_path / "demo"
    # The model is another real server, which says nothing for as long as the demo waits.
    slow = tmp_path / "sitecustomize.py"
    slow.write_text(
        "import sys, time\n"
        "if 'serve_smollm2' in ' '.join(sys.orig_argv): time.sleep(120)\n")
    demo = subprocess.Popen(
        [sys.executable, "-m", "stoa_market.first_sale", "--stoa", str(fake), "--home", str(home)],
        env=dict(os.environ, PYTHONPATH=f"{tmp_path}:{ROOT / 'python'}"),
        stderr=subprocess.DEVNULL)
    try:
        wait(lambda: (home / "running.json").exists())
        [node] = json.loads((home / "running.json").read_text())
        assert command_of(node["pid"])
        demo.send_signal(signal.SIGTERM)
        assert demo.wait(30) == 143
    finally:
        demo.kill()
        demo.wait()
    wait(lambda: command_of(node["pid"]) == [])
    assert not (home / "running.json").exists()


def test_a_library_is_copied_only_as_it_is_known(tmp_path):
    """It runs where people sign: another file under the same version is not taken."""
    carried = tmp_path / ".venv" / "portal" / "some" / "htmx-2.min.js"
    carried.parent.mkdir(parents=True)
    carried.write_text("known\n")
    known = hashlib.sha256(b"known\n").hexdigest()

    def copy():
        return subprocess.run(
            ["bash", "-euc", f"source {ROOT}/scripts/lib/setup.sh; "
             f"stoa_library django-htmx htmx-2.min.js out/htmx.min.js {known}"],
            cwd=tmp_path, capture_output=True, text=True, timeout=60)

    carried.write_text("other\n")
    done = copy()
    assert done.returncode != 0 and "nothing was copied" in done.stderr
    assert not (tmp_path / "out").exists()
    carried.write_text("known\n")
    assert copy().returncode == 0
    assert (tmp_path / "out" / "htmx.min.js").read_text() == "known\n"


def test_a_proof_with_many_members_is_refused_at_once():
    """A stranger's file: looking at each name costs one look at each, not one for each other."""
    sys.path.insert(0, str(ROOT / "python" / "stoa_verify"))
    from canonical import Refused  # noqa: E402
    from verify import verify  # noqa: E402

    names = ", ".join(f'"n{number}": 0' for number in range(100_000))
    for text, why in ((f"{{{names}}}", "."), (f'{{{names}, "n7": 1}}', "twice")):
        begun = time.monotonic()
        with pytest.raises(Refused, match=why):
            verify(text.encode(), None)
        assert time.monotonic() - begun < 5
