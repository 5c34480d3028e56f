#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What runs in the container.
echo "inside: $(id -u):$(id -g)"
echo "uid map: $(tr -s " " </proc/self/uid_map)"
echo "owner of the root as seen in here: $(stat -c %u /)"
touch /data/file 2>/dev/null || echo "this root may not write what the other owns"
