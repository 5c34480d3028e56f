# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the integration tests stand on: the runtime under test, bundles, and looks at the host."""
