# SPDX-License-Identifier: LGPL-2.1-or-later
"""Podman where systemd calls it: in the namespaces of the host, as root or as a user with a session of its own.

Only on a machine that is thrown away afterwards, as CONSUMERS_USER says: the user's home and session are used,
and systemd is given units.
"""

import dataclasses
import json
import os
import pathlib
import pwd
import subprocess

from harness import host

from .podman import IMAGE, Podman

USER = os.environ.get("CONSUMERS_USER")
HOST = ["nsenter", "--mount=/proc/1/ns/mnt", "--net=/proc/1/ns/net", "--"]
GENERATORS = ("/usr/lib/systemd/system-generators/podman-system-generator", "/usr/libexec/podman/quadlet")

QUADLET = """[Container]
Image={image}
Pull=never
ContainerName={name}
Exec=sh -c 'trap "exit 0" TERM; echo up; while :; do sleep 0.1; done'
Network=none
GlobalArgs={options}
PodmanArgs=--memory 64m
[Service]
TimeoutStartSec=600
"""


def find_generator():
    return next((path for path in GENERATORS if os.path.exists(path)), None)


def has_session():
    return bool(USER) and os.path.isdir("/run/systemd/system")


class HostPodman(Podman):
    """The tests' Podman, called where the first process is."""

    def words(self, *words):
        return [*HOST, *super().words(*words)]


class Session:
    """A user whose systemd runs without a login, and its Podman's configuration."""

    def __init__(self, directory, runtimes):
        found = pwd.getpwnam(USER)
        self.uid, self.home = found.pw_uid, pathlib.Path(found.pw_dir)
        self.directory = self.home / ".local/share/containers"  # where Podman has them by default
        self.options, self.environment = [], dict(os.environ)
        run = f"/run/user/{self.uid}"
        self.prefix = [*HOST, "setpriv", f"--reuid={self.uid}", f"--regid={found.pw_gid}", "--init-groups", "--", "env", "-i",
                       f"HOME={self.home}", f"USER={USER}", f"XDG_RUNTIME_DIR={run}", "PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin",
                       f"DBUS_SESSION_BUS_ADDRESS=unix:path={run}/bus"]
        subprocess.run(["loginctl", "enable-linger", USER], check=True)
        host.wait_until(lambda: subprocess.run([*self.prefix, "systemctl", "--user", "is-system-running"], check=False, text=True,
                                               capture_output=True).stdout.strip() in ("running", "degraded"), "the user's systemd")
        self.write(".config/containers/containers.conf",
                   '[engine]\nruntime_supports_json = ["dray", "crun", "runc"]\nruntime_supports_nocgroup = ["dray", "crun"]\n'
                   "[engine.runtimes]\n" + "".join(f'{runtime.name} = ["{runtime.path}"]\n' for runtime in runtimes))
        (directory / "image.tar").write_bytes((directory.parent / "image/image.tar").read_bytes())
        (directory / "image.tar").chmod(0o644)
        self.run("podman", "import", directory / "image.tar", IMAGE)

    def run(self, *words, check=True, **settings):
        done = subprocess.run([*self.prefix, *map(str, words)], check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL,
                              cwd="/", timeout=60 * host.PATIENCE, **settings)
        assert not check or done.returncode == 0, f"{words}\n{done.stdout}\n{done.stderr}"
        return done

    def write(self, name, text):
        """A file in the user's home."""
        path = self.home / name
        for part in [*reversed(path.relative_to(self.home).parents)][1:]:
            (self.home / part).mkdir(exist_ok=True)
            os.chown(self.home / part, self.uid, self.uid)
        path.write_text(text)
        os.chown(path, self.uid, self.uid)

    def end(self):
        self.run("podman", "rm", "--all", "--force", "--time", "0", check=False)
        subprocess.run(["loginctl", "disable-linger", USER], check=True)
        subprocess.run(["systemctl", "stop", f"user@{self.uid}.service"], check=True)


class SessionPodman(Podman):
    """Podman of that user, with its defaults but for the runtime."""

    def __init__(self, session, runtime):
        # Its directory for run-time files is not mounted in the tests' own namespace.
        states = pathlib.Path(f"/proc/1/root/run/user/{session.uid}") / runtime.name
        super().__init__(session, dataclasses.replace(runtime, state_root=states))
        self.session = session

    def words(self, *words):
        return [*self.session.prefix, *super().words(*words)]


class Unit:
    """A unit that quadlet makes of a container, started by systemd: the system's, or that of a user's session."""

    def __init__(self, name, podman, directory, session=None):
        self.name = name
        self.session = session
        self.prefix = [*session.prefix, "systemctl", "--user"] if session else ["systemctl"]
        directory.chmod(0o755)
        for part in ("units", "made"):
            (directory / part).mkdir()
        options = " ".join(podman.options)
        text = QUADLET.format(image=IMAGE, name=name, options=options)
        if not session:
            text += f"Environment=CONTAINERS_CONF={podman.environment['CONTAINERS_CONF']}\n"
        (directory / f"units/{name}.container").write_text(text)
        self.done = subprocess.run([find_generator(), *(["-user"] if session else []), directory / "made"], check=True, text=True,
                                   capture_output=True, env={**os.environ, "QUADLET_UNIT_DIRS": str(directory / "units")})
        made = (directory / f"made/{name}.service").read_text()
        self.path = pathlib.Path(f"/run/systemd/system/{name}.service")
        if session:
            self.path = session.home / f".config/systemd/user/{name}.service"
            session.write(self.path.relative_to(session.home), made)
        else:
            self.path.write_text(made)
        self("daemon-reload")

    def __call__(self, *words, check=True):
        done = subprocess.run([*self.prefix, *words], check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL,
                              timeout=60 * host.PATIENCE)
        assert not check or done.returncode == 0, f"{words}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def show(self, name):
        return self("show", "--property", name, "--value", f"{self.name}.service").strip()

    def remove(self):
        self("stop", f"{self.name}.service", check=False)
        self.path.unlink()
        self("daemon-reload")
        self("reset-failed", f"{self.name}.service", check=False)


def listed(podman):
    """Names of the containers."""
    return [name for entry in json.loads(podman("ps", "--all", "--format", "json").stdout) for name in entry["Names"]]
