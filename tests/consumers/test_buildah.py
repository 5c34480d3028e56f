# SPDX-License-Identifier: LGPL-2.1-or-later
"""Buildah: working containers and builds, each command a container of the runtime."""

import pytest

from engines.podman import IMAGE

pytestmark = pytest.mark.needs("buildah")


@pytest.fixture
def work(buildah):
    return buildah("from", "--pull-never", IMAGE).stdout.strip()


def test_run(buildah, work):
    assert buildah.run(work, "echo", "hello from inside").stdout == "hello from inside\n"


@pytest.mark.parametrize("code", [1, 42])
def test_exit_code(buildah, work, code):
    buildah.run(work, "sh", "-c", f"exit {code}", code=code)


def test_command_not_found(buildah, work):
    assert "no-such" in buildah.run(work, "no-such", code=None).stderr
    buildah.fails("run", "--runtime", buildah.runtime.path, "--isolation", "oci", work, "--", "no-such")


def test_standard_input(buildah, work):
    assert buildah.run(work, "cat", input="through").stdout == "through"


def test_changes_stay(buildah, work):
    buildah.run(work, "sh", "-c", "echo kept >/kept")
    assert buildah.run(work, "cat", "/kept").stdout == "kept\n"


def test_settings_of_the_container(buildah, work):
    buildah("config", "--env", "A=b c", "--user", "1000", "--workingdir", "/tmp", work)
    assert buildah.run(work, "sh", "-c", "echo $A; id -u; pwd").stdout == "b c\n1000\n/tmp\n"


def test_terminal(buildah, work):
    assert "/dev/pts/" in buildah.seen_on_terminal("run", "--runtime", buildah.runtime.path, "--isolation", "oci", "--network",
                                                   "none", "--terminal", work, "--", "tty")


def test_volume(buildah, work, workdir):
    (workdir / "in").write_text("in")
    assert buildah.run(work, "cat", "/v/in", options=("--volume", f"{workdir}:/v:ro")).stdout == "in"


def test_capabilities(buildah, work):
    shown = buildah.run(work, "grep", "CapEff", "/proc/self/status", options=("--cap-add", "CAP_NET_ADMIN")).stdout
    assert int(shown.split()[1], 16) >> 12 & 1


def test_commit(buildah, work, podman_store):
    buildah.run(work, "sh", "-c", "echo committed >/file")
    buildah("commit", work, "localhost/consumers/committed")
    again = buildah("from", "--pull-never", "localhost/consumers/committed").stdout.strip()
    assert buildah.run(again, "cat", "/file").stdout == "committed\n"


def test_build(buildah, workdir):
    (workdir / "file").write_text("copied\n")
    buildah.build(workdir, f"""FROM {IMAGE}
ARG WORD
COPY file /file
RUN cat /file >/seen && echo $WORD >>/seen
USER 1000
WORKDIR /tmp
RUN id -u >who && pwd >>who
""", "--build-arg", "WORD=given")
    work = buildah("from", "--pull-never", "localhost/consumers/built").stdout.strip()
    assert buildah.run(work, "cat", "/seen", "/tmp/who").stdout == "copied\ngiven\n1000\n/tmp\n"


def test_build_of_stages(buildah, workdir):
    buildah.build(workdir, f"""FROM {IMAGE} AS first
RUN echo made >/made
FROM {IMAGE}
COPY --from=first /made /taken
RUN test "$(cat /taken)" = made
""")


def test_build_that_fails(buildah, workdir):
    done = buildah.build(workdir, f"FROM {IMAGE}\nRUN exit 9\n", code=None)
    assert done.returncode != 0 and "9" in done.stderr


def test_build_with_layers(buildah, workdir):
    for _ in range(2):
        buildah.build(workdir, f"FROM {IMAGE}\nRUN echo one >/one\nRUN echo two >/two\n", "--layers")
    work = buildah("from", "--pull-never", "localhost/consumers/built").stdout.strip()
    assert buildah.run(work, "cat", "/one", "/two").stdout == "one\ntwo\n"
