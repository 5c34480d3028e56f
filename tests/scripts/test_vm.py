# SPDX-License-Identifier: LGPL-2.1-or-later
"""scripts/test-vm and tests/vm/machine.py without a virtual machine: what they make of one that is not as it should be."""

import json
import os
import pathlib
import subprocess
import sys
import time

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
MACHINE = TOP / "tests/vm/machine.py"
HERE = pathlib.Path(__file__).resolve().parent
PROGRAMS = ("qemu-img", "mmdebstrap", "mke2fs", "busybox", "xz")


def script(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


class Place:
    """A tree with the real scripts, a build and an image that are nothing, and programs that do nothing."""

    def __init__(self, directory):
        self.directory = directory
        self.top = directory / "top"
        self.bin = directory / "bin"
        self.guest = directory / "guest"
        self.guest.mkdir()
        for name in ("scripts/lib/count", "scripts/lib/common.sh", "tests/vm/machine.py"):
            (self.top / name).parent.mkdir(parents=True, exist_ok=True)
            (self.top / name).symlink_to(TOP / name)
        for name in PROGRAMS:
            script(self.bin / name, "#!/bin/sh\n")
        # the last word of qemu-img's is the disk that it makes
        script(self.bin / "qemu-img", '#!/bin/sh\nfor disk; do :; done\n: >"$disk"\n')
        script(self.bin / "qemu", f"#!/bin/sh\nexec {sys.executable} {HERE / 'fake_qemu.py'} {self.guest} \"$@\"\n")
        script(self.bin / "id", "#!/bin/sh\necho 0\n")
        script(self.bin / "uname", "#!/bin/sh\necho x86_64\n")
        script(self.top / "tests/vm/prebuild", '#!/bin/sh\nmkdir -p "$1"\n')
        (self.top / "tests/vm/selection").write_text("test_one.py\n# said: nothing\ntest_two.py: trixie bookworm\n")
        self.build_image('mkdir -p "$2" && : >"$2/root.ext4"')
        (directory / "build").mkdir()
        (directory / "build/Makefile").write_text("install:\n\tmkdir -p $(DESTDIR)/usr\n")
        self.logs = directory / "logs"
        self.cache = directory / "cache"

    def build_image(self, text):
        script(self.top / "tests/vm/build-image", '#!/bin/sh\n[ "$1" = --key ] && { echo key; exit; }\n'
               f'[ "$1" = --list ] && exec {TOP}/tests/vm/build-image "$@"\n{text}\n')

    def behave(self, how, **results):
        """What the guest does when it is started; results of its tests."""
        (self.guest / "behaviour").write_text(how)
        if results:
            cases = "".join(f'<testcase classname="c" name="{name}">{text}</testcase>' for name, text in results.items())
            (self.guest / "results.xml").write_text(f"<testsuites><testsuite>{cases}</testsuite></testsuites>")

    def environment(self, **changes):
        return {**os.environ, "PATH": f"{self.bin}:{os.environ['PATH']}", "QEMU": str(self.bin / "qemu"), "DRAY_TOP": str(self.top),
                "XDG_CACHE_HOME": str(self.cache), "TMPDIR": str(self.directory), **changes}

    def __call__(self, *arguments, **changes):
        return subprocess.run([TOP / "scripts/test-vm", "--build", self.directory / "build", "--logs", self.logs, *arguments],
                              env=self.environment(**changes), stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              check=False, timeout=120)

    def machine(self, *arguments):
        return subprocess.run([MACHINE, *map(str, arguments)], env=self.environment(), stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, check=False, timeout=60)

    def asked(self):
        """The commands that came to the guest."""
        return [json.loads(line) for line in (self.guest / "asked").read_text().splitlines()]

    def alive(self):
        try:
            return os.path.exists(f"/proc/{int((self.guest / 'pid').read_text())}")
        except FileNotFoundError:
            return False


@pytest.fixture
def place(tmp_path):
    made = Place(tmp_path)
    made.behave("serve", a="", b="<skipped message='why'/>")
    yield made
    end = time.monotonic() + 10
    while made.alive() and time.monotonic() < end:
        time.sleep(0.05)
    assert not made.alive(), "a machine is left running"
    assert [path.name for path in tmp_path.glob("tmp*")] == [], "work files are left"


def last(done):
    return done.stdout.splitlines()[-1]


# --- what a machine may lack: one skip that says so, nothing else

def test_no_emulator(place):
    done = place(QEMU="no-such-qemu")
    assert (done.returncode, last(done)) == (0, "0 passed, 0 failed, 1 skipped"), done
    assert "no-such-qemu is not there" in done.stdout


def test_another_architecture(place):
    script(place.bin / "uname", "#!/bin/sh\necho aarch64\n")
    done = place()
    assert (done.returncode, last(done)) == (0, "0 passed, 0 failed, 1 skipped"), done
    assert "x86_64" in done.stdout


def test_not_root(place):
    script(place.bin / "id", "#!/bin/sh\necho 1000\n")
    script(place.bin / "sudo", "#!/bin/sh\nexit 1\n")
    done = place()
    assert (done.returncode, last(done)) == (0, "0 passed, 0 failed, 1 skipped"), done
    assert "as root" in done.stdout


def test_no_mirror(place):
    place.build_image('echo "the Debian mirror cannot be reached"; exit 77')
    done = place("--variant", "trixie,sid")
    assert (done.returncode, last(done)) == (0, "0 passed, 0 failed, 2 skipped"), done
    assert "the Debian mirror cannot be reached" in done.stdout


# --- an image

def test_image_that_cannot_be_built(place):
    place.build_image('mkdir -p "$2"; : >"$2/half"; echo "no space left"; exit 3')
    done = place()
    assert (done.returncode, last(done)) == (1, "0 passed, 1 failed, 0 skipped"), done
    assert "no space left" in done.stdout, "the end of its log is shown"
    assert [path.name for path in (place.cache / "dray").iterdir()] == ["vm-trixie.lock"]


def test_image_is_kept_and_old_ones_of_its_variant_go(place):
    for name in ("vm-trixie-old", "vm-sid-other"):
        (place.cache / "dray" / name).mkdir(parents=True)
    assert "building the image" in place().stdout
    place.build_image("exit 1")
    done = place()
    assert done.returncode == 0, done
    assert "building the image" not in done.stdout
    assert {path.name for path in (place.cache / "dray").iterdir()} == {"vm-trixie-key", "vm-trixie.lock", "vm-sid-other"}


# --- a run

def test_results_are_counted(place):
    done = place()
    assert (done.returncode, last(done)) == (0, "2 passed, 0 failed, 1 skipped"), done  # the start is one


@pytest.mark.parametrize("variant, files", [("trixie", ["test_one.py", "test_two.py"]), ("sid", ["test_one.py"]),
                                            ("bookworm", ["test_two.py"])])
def test_files_of_the_selection(place, variant, files):
    place("--variant", variant)
    words = place.asked()[-2]["argv"]
    assert "/dray/tests/integration" in words
    assert [word for word in words if word.startswith("test_")] == files


def test_failures_are_counted(place):
    place.behave("serve", a="", b="<failure message='m'/>")
    (place.guest / "code").write_text("1")
    done = place("--only", "test_x.py")
    assert (done.returncode, last(done)) == (1, "2 passed, 1 failed, 0 skipped"), done
    assert place.asked()[-2]["argv"][-1] == "test_x.py"


def test_consumers_run_on_their_own(place):
    place("--only", "test_x.py,tests/consumers/test_y.py::test_z[dray]")
    runs = [asked["argv"] for asked in place.asked() if "pytest" in asked["argv"]]
    assert [(words[2], words[-1]) for words in runs] == [("/dray/tests/integration", "test_x.py"),
                                                         ("/dray/tests/consumers", "test_y.py::test_z[dray]")]


def test_machine_that_does_not_start(place):
    place.behave("refuse")
    done = place()
    assert (done.returncode, last(done)) == (1, "0 passed, 1 failed, 0 skipped"), done
    assert "no such accelerator" in done.stdout and "Traceback" not in done.stdout


def test_guest_that_dies_while_it_boots(place):
    place.behave("die at boot")
    done = place()
    assert (done.returncode, last(done)) == (1, "0 passed, 1 failed, 0 skipped"), done
    assert "Kernel panic" in done.stdout, "the end of its console is shown"


def test_guest_that_hangs_while_it_boots(place):
    place.behave("hang at boot")
    started = time.monotonic()
    done = place("--limit", "2")
    assert time.monotonic() - started < 30
    assert (done.returncode, last(done)) == (1, "0 passed, 1 failed, 0 skipped"), done
    assert "did not answer" in done.stdout and "Kernel panic" in done.stdout


def test_guest_that_dies_in_the_middle(place):
    place.behave("die in tests")
    done = place()
    assert (done.returncode, last(done)) == (1, "1 passed, 1 failed, 0 skipped"), done
    assert "hung up" in done.stdout and "that is the last line" in done.stdout
    assert "UNSTABLE" not in done.stdout, "not a crash of its kernel: nothing is run again"


@pytest.mark.parametrize("crashes", [1, 2])
def test_guest_whose_kernel_crashes(place, crashes):
    """Its run is repeated once, on a new machine with dray in it; what crashed is shown from its first line on."""
    place.behave("crash in tests", a="")
    (place.guest / "crashes").write_text(str(crashes))
    done = place("--only", "test_x.py")
    assert (done.returncode, last(done)) == ((0, "2 passed, 0 failed, 0 skipped") if crashes == 1 else
                                             (1, "1 passed, 1 failed, 0 skipped")), done
    assert ("UNSTABLE vm trixie integration: the kernel of the guest crashed, all of it runs again: "
            "BUG: kernel NULL pointer dereference; RIP: 0010:place+0x1/0x2") in done.stdout
    assert done.stdout.count("a line\n") >= 90
    argvs = [asked["argv"] for asked in place.asked()]
    assert len([argv for argv in argvs if "pytest" in argv]) == 2
    assert len([argv for argv in argvs if argv[0] == "tar"]) == 2
    assert "RIP" in (place.logs / "vm-trixie-integration-crash.log").read_text()


def test_build_with_faults(place):
    """Its program is in the guest, and the tests are told where; without one they skip."""
    assert place().returncode == 0
    place.behave("serve", a="")
    (place.directory / "fault").mkdir()
    done = place("--fault-build", place.directory / "fault")
    assert done.returncode != 0 and "no dray in" in done.stderr, done
    script(place.directory / "fault/dray", "#!/bin/sh\n")
    assert place("--fault-build", place.directory / "fault").returncode == 0
    told = [asked["env"]["FAULT_RUNTIME"] for asked in place.asked() if "pytest" in asked["argv"]]
    assert told == ["", "/dray/prebuilt/dray-fault"]


def test_no_time_left(place):
    done = place("--limit", "30")
    assert (done.returncode, last(done)) == (1, "1 passed, 1 failed, 0 skipped"), done
    assert not [asked for asked in place.asked() if "pytest" in asked["argv"]]


def test_signal_in_the_middle(place):
    """The machine does not outlive the script."""
    place.behave("hang in tests")
    words = [TOP / "scripts/test-vm", "--build", place.directory / "build", "--logs", place.logs]
    with subprocess.Popen(words, env=place.environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as process:
        end = time.monotonic() + 60
        while time.monotonic() < end and not ((place.guest / "asked").exists() and "pytest" in place.asked()[-1]["argv"]):
            time.sleep(0.1)
        assert place.alive()
        process.terminate()
        assert process.wait(timeout=30) == 143


@pytest.mark.parametrize("words, said", [
    (["--variant", "potato"], "no such variant: potato"), (["--limit", "soon"], "--limit takes seconds"),
    (["--nonsense"], "unknown argument"), (["--only"], "--only needs a value"),
])
def test_bad_arguments(place, words, said):
    done = place(*words)
    assert done.returncode == 1 and said in done.stderr, done


# --- machine.py

@pytest.fixture
def machine(place):
    (place.directory / "image").mkdir()
    place.start = lambda *words: place.machine("start", place.directory / "m", "--image", place.directory / "image", *words)
    assert place.start().returncode == 0
    yield place
    assert place.machine("stop", place.directory / "m").returncode == 0


def test_command_that_hangs(machine):
    done = machine.machine("exec", machine.directory / "m", "--timeout", "1", "--", "hang")
    assert done.returncode == 124 and "time is up: hang" in done.stderr, done
    # what comes later of it is not taken for an answer
    assert machine.machine("exec", machine.directory / "m", "--timeout", "20", "--", "code", "7").returncode == 7


def test_command_killed_by_a_signal(machine):
    assert machine.machine("exec", machine.directory / "m", "--", "code", "-9").returncode == 137


def test_one_machine_in_a_directory(machine):
    done = machine.start()
    assert done.returncode != 0 and "runs in" in done.stderr


def test_machine_that_is_gone(place):
    done = place.machine("exec", place.directory / "none", "--", "true")
    assert done.returncode == 125 and "no machine" in done.stderr, done
