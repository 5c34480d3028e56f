# SPDX-License-Identifier: LGPL-2.1-or-later
"""Lines of /proc/PID/mountinfo as objects."""

import dataclasses
import re


@dataclasses.dataclass
class Mount:
    identity: int
    parent: int
    device: str
    root: str
    target: str
    options: set
    tags: list
    kind: str
    source: str
    data: set

    @property
    def propagation(self):
        """shared, slave, private or unbindable; slave+shared where both hold."""
        kinds = {tag.partition(":")[0] for tag in self.tags}
        if "unbindable" in kinds:
            return "unbindable"
        if {"master", "shared"} <= kinds:
            return "slave+shared"
        return "shared" if "shared" in kinds else "slave" if "master" in kinds else "private"


def unescape(word):
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), word)


def parse(lines):
    """Mount point to Mount; of several on one point the last, which is on top."""
    found = {}
    for line in lines:
        before, _, after = line.partition(" - ")
        fields, rest = before.split(" "), after.split(" ")
        mount = Mount(int(fields[0]), int(fields[1]), fields[2], unescape(fields[3]), unescape(fields[4]),
                      set(fields[5].split(",")), fields[6:], rest[0], unescape(rest[1]),
                      set(rest[2].split(",")))
        found[mount.target] = mount
    return found


def of_process(pid):
    with open(f"/proc/{pid}/mountinfo") as file:
        return parse(line.rstrip("\n") for line in file)
