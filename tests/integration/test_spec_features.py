# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the features document says is there: each word that it names is taken in config.json."""
import pytest

pytestmark = pytest.mark.only_dray("the document of older runtimes has other members")

# Every member that features.md and features-linux.md define; {} for lists, strings and truth values.
DOCUMENT = {
    "ociVersionMin": {}, "ociVersionMax": {}, "hooks": {}, "mountOptions": {}, "annotations": None,
    "potentiallyUnsafeConfigAnnotations": {},
    "linux": {
        "namespaces": {}, "capabilities": {},
        "cgroup": {"v1": {}, "v2": {}, "systemd": {}, "systemdUser": {}, "rdma": {}},
        "seccomp": {"enabled": {}, "actions": {}, "operators": {}, "archs": {}, "knownFlags": {},
                    "supportedFlags": {}},
        "apparmor": {"enabled": {}}, "selinux": {"enabled": {}},
        "memoryPolicy": {"modes": {}, "flags": {}},
        "intelRdt": {"enabled": {}, "schemata": {}, "monitoring": {}},
        "mountExtensions": {"idmap": {"enabled": {}}}, "netDevices": {"enabled": {}},
    },
}


@pytest.fixture
def features(bundle):
    return bundle.runtime("features").json()


@pytest.fixture
def quiet(bundle):
    bundle.args = ["/bin/probe", "exit", "0"]
    return bundle


def unknown_members(value, known, place=""):
    if not isinstance(value, dict) or known is None:
        return []
    found = [f"{place}/{key}" for key in value if key not in known]
    for key in known.keys() & value.keys():
        found += unknown_members(value[key], known[key], f"{place}/{key}")
    return found


def test_features_follow_the_schema(features):
    assert unknown_members(features, DOCUMENT) == []
    assert isinstance(features["ociVersionMin"], str) and isinstance(features["ociVersionMax"], str)
    assert all(isinstance(value, str) for value in features["annotations"].values())
    assert all(isinstance(value, str) for value in features["potentiallyUnsafeConfigAnnotations"])
    linux = features["linux"]
    truths = list(linux["cgroup"].values()) + [
        linux[name]["enabled"] for name in ("seccomp", "apparmor", "selinux", "intelRdt", "netDevices")
    ] + [linux["mountExtensions"]["idmap"]["enabled"]]
    assert all(isinstance(value, bool) for value in truths)


def test_features_versions_are_accepted(quiet, features):
    def numbers(name):
        return [int(part) for part in features[name].split(".")]

    assert numbers("ociVersionMin") <= numbers("ociVersionMax")
    for name in ("ociVersionMin", "ociVersionMax"):
        quiet.config["ociVersion"] = features[name]
        quiet.run().ok()


def test_features_hooks_are_accepted(quiet, features):
    assert len(features["hooks"]) == 6
    quiet.config["hooks"] = {kind: [{"path": "/bin/true"}] for kind in features["hooks"]}
    # This one is looked up in the container.
    quiet.config["hooks"]["startContainer"] = [{"path": "/bin/probe", "args": ["probe", "exit", "0"]}]
    quiet.run().ok()


def test_features_mount_options_are_known(quiet, features, tmp_path):
    assert not [word for word in features["mountOptions"] if "=" in word]
    # Of the file systems, not of mounts.
    assert not {"size", "mode", "uid", "gid", "nr_inodes", "newinstance", "ptmxmode"} & set(features["mountOptions"])
    tmp_path.chmod(0o755)
    mount = quiet.add_mount("/m", "bind", tmp_path, [])
    for word in features["mountOptions"]:
        mount["options"] = ["bind", word]
        assert "unknown option" not in quiet.run().err, word
    mount["options"] = ["bind", "nosuchoption"]
    assert "unknown option" in quiet.run().fails().err


def test_features_namespaces_are_accepted(quiet, features):
    assert len(features["linux"]["namespaces"]) == 8
    for kind in features["linux"]["namespaces"]:
        quiet.namespace(kind)
    quiet.map_users()
    quiet.run().ok()


def test_features_capabilities_are_known(quiet, features):
    names = features["linux"]["capabilities"]
    assert len(names) > 35
    quiet.process["capabilities"] = {"bounding": names}
    assert "unknown capability" not in quiet.run(options=["--log-level", "warning"]).ok().err


def with_seccomp(bundle, **members):
    rule = {"names": ["acct"], "action": "SCMP_ACT_ERRNO"}
    rule.update(members.pop("rule", {}))
    bundle.linux["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [rule], **members}
    return bundle.run()


def test_features_seccomp_words_are_accepted(quiet, features):
    seccomp = features["linux"]["seccomp"]
    assert seccomp["enabled"]
    for action in seccomp["actions"]:
        done = with_seccomp(quiet, rule={"action": action})
        if action == "SCMP_ACT_NOTIFY":
            # Known, and in want of an agent.
            done.dray_error(("SECCOMP_INVALID", "SECCOMP_LISTENER", "CONFIG_MISSING", "CONFIG_CONFLICT"))
            assert "listener" in done.err
        else:
            done.ok()
    for operator in seccomp["operators"]:
        condition = {"index": 0, "value": 1, "valueTwo": 1, "op": operator}
        with_seccomp(quiet, rule={"args": [condition]}).ok()
    with_seccomp(quiet, architectures=seccomp["archs"]).ok()
    with_seccomp(quiet, rule={"action": "SCMP_ACT_NONE"}).fails()


def test_features_seccomp_flags_are_accepted(quiet, features):
    seccomp = features["linux"]["seccomp"]
    assert set(seccomp["supportedFlags"]) <= set(seccomp["knownFlags"])
    for flag in seccomp["supportedFlags"]:
        done = with_seccomp(quiet, flags=[flag])
        if flag == "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV" and done.code != 0:
            # The kernel takes it with a listener only.
            assert "listener" in done.err or "NOTIFY" in done.err, done
        else:
            done.ok()
    with_seccomp(quiet, flags=["SECCOMP_FILTER_FLAG_NONE"]).fails()


def test_features_memory_policy_words_are_accepted(quiet, features):
    policy = features["linux"]["memoryPolicy"]
    for mode in policy["modes"]:
        quiet.linux["memoryPolicy"] = {"mode": mode}
        if mode not in ("MPOL_DEFAULT", "MPOL_LOCAL"):
            quiet.linux["memoryPolicy"]["nodes"] = "0"
        done = quiet.run()
        # A mode that this kernel does not know is still a word that dray knows.
        assert done.code == 0 or "error[CONFIG_" not in done.err, done
    for flag in policy["flags"]:
        quiet.linux["memoryPolicy"] = {"mode": "MPOL_BIND", "nodes": "0", "flags": [flag]}
        done = quiet.run()
        assert done.code == 0 or "error[CONFIG_" not in done.err, done
    quiet.linux["memoryPolicy"] = {"mode": "MPOL_NONE"}
    quiet.run().dray_error("CONFIG_VALUE")
