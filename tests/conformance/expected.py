# SPDX-License-Identifier: LGPL-2.1-or-later
"""The list of expected failures: what it says, when it holds, and how an outcome compares to it."""

import fnmatch
import os
import platform
import re


def has_capability(name):
    numbers = {"CAP_SYS_RESOURCE": 24}
    with open("/proc/self/status", encoding="ascii") as file:
        bounding = re.search(r"^CapBnd:\s*(\w+)", file.read(), re.MULTILINE).group(1)
    return bool(int(bounding, 16) >> numbers[name] & 1)


def has_controller(name):
    """In a cgroup v1 hierarchy, the only kind that the suite knows."""
    with open("/proc/self/cgroup", encoding="utf-8") as file:
        return any(name in line.split(":")[1].split(",") for line in file)


def has_control(controller, file):
    """Files of a container's cgroup, which the root cgroup may lack, are looked for one level down."""
    base = os.path.join("/sys/fs/cgroup", controller)
    if os.path.exists(os.path.join(base, file)):
        return True
    with os.scandir(base) as entries:
        return any(os.path.exists(os.path.join(entry.path, file)) for entry in entries if entry.is_dir())


def accounts_kernel_memory():
    """Linux 5.16 and later accept no memory.kmem.limit_in_bytes any more."""
    version = tuple(int(part) for part in re.findall(r"\d+", platform.release())[:2])
    return has_controller("memory") and version < (5, 16)


# What a rule may ask of the machine; the rule holds where it lacks that.
CONDITIONS = {
    "always": lambda: False,
    "CAP_SYS_RESOURCE": lambda: has_capability("CAP_SYS_RESOURCE"),
    "apparmor": lambda: os.path.isdir("/sys/kernel/security/apparmor"),
    "selinux": lambda: os.path.isdir("/sys/fs/selinux"),
    "cgroup-v1": lambda: has_controller("memory"),
    "cgroup-v1-hugetlb": lambda: has_controller("hugetlb"),
    "cgroup-v1-network": lambda: has_controller("net_cls") and has_controller("net_prio"),
    "blkio.leaf_weight": lambda: has_controller("blkio") and has_control("blkio", "blkio.leaf_weight"),
    "memory.kmem.limit_in_bytes": accounts_kernel_memory,
}


# A CONDITION of its own: the program may lose a race against its own container, so it is run again.
RACE = "race"


class Rule:
    def __init__(self, pattern, certain, reason):
        self.pattern = pattern
        self.certain = certain
        self.reason = reason


class Rules:
    """The list, as far as it holds here."""

    def __init__(self):
        self.of = {}  # {program: [Rule]}
        self.racing = set()

    def read(self, path):
        """The file says what its lines are."""
        with open(path, encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                if line.startswith("#") or not line.strip():
                    continue
                fields = [field.strip() for field in line.split(" | ")]
                if len(fields) != 4 or fields[1] not in (RACE, *CONDITIONS):
                    raise ValueError(f"{path}:{number}: PROGRAM | CONDITION | PATTERN | REASON")
                self.add(*fields)

    def add(self, program, condition, pattern, reason):
        if condition == RACE:
            self.racing.add(program)
        elif not CONDITIONS[condition]():
            rule = Rule(pattern.lstrip("?"), not pattern.startswith("?"), reason)
            self.of.setdefault(program, []).append(rule)


class Verdict:
    def __init__(self, wrong, reason):
        self.wrong = wrong
        self.reason = reason


def compare(rules, failed):
    wrong = []
    reasons = []
    for description in failed:
        rule = next((rule for rule in rules if matches(description, rule)), None)
        if rule is None:
            wrong.append(f"fails: {description}")
        elif rule.reason not in reasons:
            reasons.append(rule.reason)
    for rule in rules:
        if rule.certain and not any(matches(description, rule) for description in failed):
            wrong.append(f"is listed as an expected failure and does not fail: {rule.pattern}")
    return Verdict(wrong, "; ".join(reasons))


def matches(description, rule):
    return fnmatch.fnmatchcase(description, rule.pattern)
