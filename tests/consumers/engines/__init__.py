# SPDX-License-Identifier: LGPL-2.1-or-later
"""The engines of the distribution, each with storage, sockets and daemons of the tests' own."""
