#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What runs in the container.
for _ in $(seq 50); do
    wget -q -O - http://127.0.0.1:8080/passwd && exit 0
    sleep 0.1
done
exit 1
