#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What runs in the container.
echo "hostname: $(hostname)"
echo "pid 1:    $(cat /proc/1/comm), this shell is pid $$"
echo "id:       $(id)"
echo "mounts:   $(wc -l </proc/self/mounts)"
echo "network:  $(ls /sys/class/net | tr "\n" " ")"
