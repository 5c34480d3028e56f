#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What runs in the container.
echo "inside: $(id -u):$(id -g)"
while read -r inside outside count; do
    echo "ids from $inside inside are those from $outside outside, $count of them"
done </proc/self/uid_map
echo "owner of the root as seen in here: $(stat -c %u /)"
