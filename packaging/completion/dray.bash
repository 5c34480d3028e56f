# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# bash completion for dray

_dray() {
    local current previous word command='' root='' place options
    COMPREPLY=()
    current=${COMP_WORDS[COMP_CWORD]}
    previous=${COMP_WORDS[COMP_CWORD - 1]}

    # The command is the first word that is neither a global option nor an option's value.
    for ((place = 1; place < COMP_CWORD; place++)); do
        word=${COMP_WORDS[place]}
        case $word in
        --root)
            root=${COMP_WORDS[place + 1]}
            ((place++))
            ;;
        --log | --log-format | --log-level | --cgroup-manager | --rootless) ((place++)) ;;
        -*) ;;
        *)
            command=$word
            break
            ;;
        esac
    done

    case $previous in
    --root | --bundle | -b)
        mapfile -t COMPREPLY < <(compgen -d -- "$current")
        return
        ;;
    --log | --pid-file | --console-socket | --pidfd-socket | --config | --process | --file | --resources)
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
        return
        ;;
    --log-format) options='text json' ;;
    --log-level) options='error warning debug' ;;
    --cgroup-manager) options='cgroupfs disabled systemd' ;;
    --rootless) options='true false auto' ;;
    --format) options='table json' ;;
    *) options='' ;;
    esac
    if [[ -n $options ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current")
        return
    fi

    local create='--bundle --config --console-socket --pidfd-socket --pid-file --preserve-fds --no-pivot --no-new-keyring --help'
    local criu='--image-path --work-path --tcp-established --ext-unix-sk --shell-job --file-locks --manage-cgroups-mode --empty-ns
            --network-lock --lazy-pages --auto-dedup --help'
    case $command in
    '') options='--root --log --log-format --log-level --debug --cgroup-manager --systemd-cgroup --rootless --version --help' ;;
    create) options=$create ;;
    run) options="$create --detach --keep" ;;
    exec) options='--process --cwd --env --user --additional-gids --cap --tty --detach --pid-file --console-socket --pidfd-socket
            --preserve-fds --no-new-privs --apparmor --process-label --ignore-paused --cgroup --help' ;;
    kill) options='--all --regex --help' ;;
    delete) options='--force --regex --help' ;;
    list) options='--format --quiet --help' ;;
    ps) options='--format --help' ;;
    update) options='--resources --blkio-weight --cpu-burst --cpu-idle --cpu-period --cpu-quota --cpu-rt-period --cpu-rt-runtime --cpu-share
            --cpuset-cpus --cpuset-mems --kernel-memory --kernel-memory-tcp --memory --memory-reservation --memory-swap --pids-limit
            --l3-cache-schema --mem-bw-schema --help' ;;
    checkpoint) options="$criu --parent-path --leave-running --pre-dump --tcp-skip-in-flight --link-remap --page-server --status-fd" ;;
    restore) options="$criu --bundle --config --console-socket --pid-file --detach --keep --tcp-close --lsm-profile --lsm-mount-context" ;;
    events) options='--stats --interval --help' ;;
    spec) options='--bundle --file --rootless --help' ;;
    *) options='--help' ;;
    esac

    if [[ $current == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current")
        return
    fi
    case $command in
    '')
        options='create start state kill delete run exec list ps pause resume update events checkpoint restore mounts spec features'
        mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current")
        ;;
    mounts)
        mapfile -t COMPREPLY < <(compgen -W "add remove $(dray ${root:+--root "$root"} list --quiet 2>/dev/null)" -f -- "$current")
        ;;
    start | state | kill | delete | exec | ps | pause | resume | update | events | checkpoint)
        mapfile -t COMPREPLY < <(compgen -W "$(dray ${root:+--root "$root"} list --quiet 2>/dev/null)" -- "$current")
        ;;
    esac
}

complete -F _dray dray
