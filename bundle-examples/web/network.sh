#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A createRuntime hook: connects the container, whose state is on standard input, with the host by
# a pair of virtual network devices.  They vanish with the container's network namespace.
set -eu
pid=$(sed -n 's/.*"pid": *\([0-9]*\).*/\1/p')
ip link add dray-web type veth peer name eth0 netns "$pid"
ip address add 10.117.0.1/30 dev dray-web
ip link set dray-web up
nsenter --target "$pid" --net sh -e -c '
    ip address add 10.117.0.2/30 dev eth0
    ip link set eth0 up
'
