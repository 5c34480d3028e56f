#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What runs in the container.
mkdir /tmp/directory || echo "mkdir: denied"
ln -s a /tmp/link || echo "symlink: denied"
chmod 700 /tmp && echo "chmod 700: allowed"
chmod 4755 /tmp || echo "chmod 4755: denied"
