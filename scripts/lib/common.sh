# SPDX-License-Identifier: LGPL-2.1-or-later
# What the scripts share; sourced, never run.
# shellcheck shell=sh
# What is unused here is used there.
# shellcheck disable=SC2034

top=${DRAY_TOP:-$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)}
jobs=$(nproc 2>/dev/null || echo 2)

say() {
    printf '%s\n' "== $*"
}

die() {
    printf '%s\n' "${0##*/}: $*" >&2
    exit 1
}

# Runs a command as root: directly, or through sudo (which may ask on a terminal, never elsewhere).
as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null 2>&1; then
        if [ -t 0 ]; then sudo -- "$@"; else sudo -n -- "$@"; fi
    else
        die "this needs root: run it as root or install sudo"
    fi
}

# Runs a command with its output in a file, which is shown (its end) only when the command fails.
quietly() {
    quiet_log=$1
    shift
    if "$@" >"$quiet_log" 2>&1 </dev/null; then
        return 0
    else
        quiet_status=$?
        tail -n 40 "$quiet_log" >&2
        printf '%s\n' "(the whole log: $quiet_log)" >&2
        return "$quiet_status"
    fi
}

# git in this tree, also for root in another user's clone.
git_here() {
    git -c safe.directory="$top" -C "$top" "$@"
}

# Every source file, relative to the top: as git knows them or, where there is no git, as they lie
# there without what a build in place leaves.
list_sources() {
    if [ "$(git_here rev-parse --show-toplevel 2>/dev/null)" = "$top" ]; then
        git_here ls-files -co --exclude-standard | while IFS= read -r file; do
            if [ -e "$top/$file" ]; then printf '%s\n' "$file"; fi
        done
    else
        (cd "$top" && find . \( -path ./build -o -path './build-[!a]*' -o -path ./build-asan \
            -o -path './_*' -o -path './dray-*' -o -path ./autom4te.cache -o -path './bundle-examples/*/rootfs' \
            -o -name .git -o -name __pycache__ -o -name .deps -o -name .pytest_cache \) -prune \
            -o -type f ! -name '*.[oa]' ! -name '*~' ! -name '*.log' ! -name '*.trs' \
            ! -name .dirstamp ! -path ./Makefile ! -path ./config.h ! -path ./config.status \
            ! -path ./stamp-h1 ! -path ./dray ! -path '*/dray-stage' ! -path '*/dray-helper' -print |
            sed 's|^\./||')
    fi | sort
}
