#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What runs in the container.
cd /sys/fs/cgroup || exit 1
echo "memory: $(cat memory.max 2>/dev/null || cat memory/memory.limit_in_bytes)"
echo "cpu: $(cat cpu.max 2>/dev/null || cat cpu/cpu.cfs_quota_us)"
echo "pids: $(cat pids.max 2>/dev/null || cat pids/pids.max)"
(for _ in $(seq 40); do sleep 1 & done) 2>&1 | sort -u
dd if=/dev/zero of=/dev/null bs=128M count=1 2>/dev/null
echo "asking for 128 MiB ended with status $?"
