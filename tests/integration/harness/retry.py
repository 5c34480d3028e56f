# SPDX-License-Identifier: LGPL-2.1-or-later
"""A second try, and never silently: with ITEST_RETRY=1 a test that fails is run once more.

Tests that kill and race depend on a machine that others use too.  What passes only the second time is
listed at the end as UNSTABLE; a fault of dray fails twice.
"""
import os

from _pytest.runner import runtestprotocol

_unstable = []


def pytest_runtest_protocol(item, nextitem):
    if os.environ.get("ITEST_RETRY") != "1":
        return None
    hook = item.ihook
    hook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    reports = runtestprotocol(item, nextitem=nextitem, log=False)
    failed = [report for report in reports if report.failed]
    if failed:
        item._initrequest()
        reports = runtestprotocol(item, nextitem=nextitem, log=False)
        if not any(report.failed for report in reports):
            _unstable.append((item.nodeid, failed[0].longreprtext))
    for report in reports:
        hook.pytest_runtest_logreport(report=report)
    hook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True


def pytest_terminal_summary(terminalreporter):
    for name, reason in _unstable:
        last = reason.strip().splitlines()[-1:] or [""]
        terminalreporter.write_line(f"UNSTABLE {name}: passed only when run again; first {last[0][:300]}")
