#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What runs in the container.
(echo written >/file) 2>/dev/null || echo "the root is read-only"
echo written >/tmp/file && echo "/tmp/file: $(cat /tmp/file)"
dd if=/dev/zero of=/tmp/large bs=64k count=32 2>/dev/null || echo "/tmp is full at $(stat -c %s /tmp/large) bytes"
(echo 1 >/proc/sys/kernel/panic) 2>/dev/null || echo "/proc/sys is read-only"
