# SPDX-License-Identifier: LGPL-2.1-or-later
"""exec --cgroup on v1: below the container's cgroup, in all hierarchies or by controller."""

import pytest

pytestmark = pytest.mark.needs("cgroup_v1")


def places(done):
    """Controller to path, as the process sees itself from the host's cgroup namespace."""
    found = {}
    for line in done.ok().json()["cgroup"]:
        _, controllers, path = line.split(":", 2)
        for controller in controllers.split(","):
            found[controller] = path
    return found


def sub_cgroups(bundle, *controllers, name="inner"):
    for controller in controllers:
        path = bundle.cgroup(controller) / name
        path.mkdir(parents=True)
        if controller == "cpuset":
            for file in ("cpuset.cpus", "cpuset.mems"):
                (path / file).write_text((path.parent / file).read_text())


def run(bundle, *arguments):
    options = [word for argument in arguments for word in ("--cgroup", argument)]
    return bundle.exec("/bin/probe", "facts", "cgroup", options=options)


def test_one_controller(bundle):
    bundle.up()
    sub_cgroups(bundle, "pids")
    found = places(run(bundle, "pids:inner"))
    assert found["pids"].endswith(f"/{bundle.name}/inner")
    assert found["memory"].endswith(f"/{bundle.name}")


def test_several_controllers_in_one_word_and_in_several(bundle):
    bundle.up()
    sub_cgroups(bundle, "pids", "memory", "cpuset")
    found = places(run(bundle, "pids,memory:inner", "cpuset:inner"))
    for controller in ("pids", "memory", "cpuset"):
        assert found[controller].endswith(f"/{bundle.name}/inner")
    assert found["freezer"].endswith(f"/{bundle.name}")


def test_a_deeper_path(bundle):
    bundle.up()
    sub_cgroups(bundle, "pids", name="a/b")
    assert places(run(bundle, "pids:a/b"))["pids"].endswith(f"/{bundle.name}/a/b")


def test_it_is_below_the_containers_cgroup_wherever_init_is(bundle):
    bundle.up()
    sub_cgroups(bundle, "pids", name="init")
    sub_cgroups(bundle, "pids")
    (bundle.cgroup("pids") / "init/cgroup.procs").write_text(str(bundle.pid))
    assert places(run(bundle))["pids"].endswith(f"/{bundle.name}/init")
    assert places(run(bundle, "pids:inner"))["pids"].endswith(f"/{bundle.name}/inner")


@pytest.mark.only_dray("the words are dray's own")
@pytest.mark.parametrize("arguments, code, words", [
    (["pids:missing"], "CGROUP_PATH", ["missing"]),
    (["nonsense:inner"], "USAGE", ["nonsense:inner"]),
    ([":inner"], "USAGE", [":inner"]),
    (["pids,:inner"], "USAGE", ["pids,:inner"]),
    (["pids:"], "CGROUP_PATH", []),
    (["pids:/inner"], "CGROUP_PATH", ["/inner"]),
    (["pids:../x"], "CGROUP_PATH", ["../x"]),
    (["pids:inner/../../x"], "CGROUP_PATH", ["inner/../../x"]),
    (["pids:inner", "pids:inner"], "USAGE", ["pids:inner"]),
    (["pids,pids:inner"], "USAGE", ["twice"]),
    (["inner", "pids:inner"], "CGROUP_PATH", ["inner"]),
])
def test_bad_arguments(bundle, arguments, code, words):
    bundle.up()
    sub_cgroups(bundle, "pids")
    run(bundle, *arguments).dray_error(code, names=words).exits(255)


def test_a_link_out_is_not_followed(make_bundle, is_dray):
    """Nothing in a cgroup file system can be a link; a path with one elsewhere must not work either."""
    first = make_bundle()
    first.up()
    done = run(first, f"pids:../{first.name}")
    done.fails(255)


@pytest.mark.only_dray("runc has no such manager")
def test_without_a_cgroup(bundle):
    bundle.resources.clear()
    bundle.args = ["/bin/probe", "wait"]
    bundle.create(options=["--cgroup-manager", "disabled"]).ok()
    run(bundle, "pids:inner").dray_error("USAGE", names=["no cgroup"])
