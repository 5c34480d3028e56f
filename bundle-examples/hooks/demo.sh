#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What runs in the container.
echo "the container runs; startContainer left: $(cat /tmp/started)"
