# SPDX-License-Identifier: LGPL-2.1-or-later
"""Buildah on the storage of the tests' Podman."""

from .engine import Engine


class Buildah(Engine):
    def __init__(self, store, runtime):
        # Those of where the storage is; the others are Podman's alone.
        options = store.options[:store.options.index("--storage-driver") + 2]
        super().__init__("buildah", options, store.environment)
        self.store = store
        self.runtime = runtime

    def run(self, container, *words, options=(), **settings):
        """A command in a working container, without a network."""
        return self("run", "--runtime", self.runtime.path, "--isolation", "oci", "--network", "none", *options, container, "--",
                    *words, **settings)

    def build(self, directory, dockerfile, *words, name="localhost/consumers/built", **settings):
        (directory / "Dockerfile").write_text(dockerfile)
        return self("bud", "--runtime", self.runtime.path, "--isolation", "oci", "--network", "none", "--pull-never",
                    "--tag", name, *words, directory, **settings)

    def clean(self):
        self("rm", "--all", code=None)
        for name in ("built", "committed"):
            self("rmi", "--force", f"localhost/consumers/{name}", code=None)
        root = self.runtime.state_root
        return [f"state {entry}" for entry in root.iterdir()] if root.is_dir() else []
