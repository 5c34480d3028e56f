# SPDX-License-Identifier: LGPL-2.1-or-later
# fish completion for dray

set -l commands create start state kill delete run exec list ps pause resume update events checkpoint restore mounts spec features
set -l none "not __fish_seen_subcommand_from $commands"

complete -c dray -f
complete -c dray -n $none -l root -xa '(__fish_complete_directories)' -d 'state directory'
complete -c dray -n $none -l log -rF -d 'log file'
complete -c dray -n $none -l log-format -xa 'text json' -d 'format of messages'
complete -c dray -n $none -l log-level -xa 'error warning debug' -d 'least important messages'
complete -c dray -n $none -l debug -d 'all messages'
complete -c dray -n $none -l cgroup-manager -xa 'cgroupfs disabled systemd' -d 'who makes cgroups'
complete -c dray -n $none -l systemd-cgroup -d 'let systemd make cgroups'
complete -c dray -n $none -l rootless -xa 'true false auto' -d 'rootless'
complete -c dray -n $none -s v -l version -d 'version'
complete -c dray -s h -l help -d 'help'

complete -c dray -n $none -a create -d 'prepare a container'
complete -c dray -n $none -a start -d 'let its program run'
complete -c dray -n $none -a state -d 'print its state'
complete -c dray -n $none -a kill -d 'send a signal'
complete -c dray -n $none -a delete -d 'remove a container'
complete -c dray -n $none -a run -d 'create and start'
complete -c dray -n $none -a exec -d 'run another program in a container'
complete -c dray -n $none -a list -d 'list containers'
complete -c dray -n $none -a ps -d 'show processes'
complete -c dray -n $none -a pause -d 'freeze all processes'
complete -c dray -n $none -a resume -d 'let them run again'
complete -c dray -n $none -a update -d 'change limits'
complete -c dray -n $none -a events -d 'print statistics'
complete -c dray -n $none -a checkpoint -d 'save it with CRIU'
complete -c dray -n $none -a restore -d 'bring it back with CRIU'
complete -c dray -n $none -a mounts -d 'add or remove bind mounts'
complete -c dray -n $none -a spec -d 'write a config.json'
complete -c dray -n $none -a features -d 'print what dray can do'

set -l with_id '__fish_seen_subcommand_from start state kill delete exec ps pause resume update events checkpoint'
complete -c dray -n $with_id -a '(dray list --quiet 2>/dev/null)' -d container

complete -c dray -n '__fish_seen_subcommand_from mounts' -a 'add remove (dray list --quiet 2>/dev/null)'

set -l create '__fish_seen_subcommand_from create run'
complete -c dray -n $create -s b -l bundle -xa '(__fish_complete_directories)' -d bundle
complete -c dray -n $create -s f -l config -rF -d configuration
complete -c dray -n $create -l no-pivot -d 'do not use pivot_root'
complete -c dray -n $create -l no-new-keyring -d 'keep the session keyring'
complete -c dray -n '__fish_seen_subcommand_from create run exec' -l console-socket -rF -d 'socket that gets the terminal'
complete -c dray -n '__fish_seen_subcommand_from create run exec' -l pidfd-socket -rF -d 'socket that gets a pidfd'
complete -c dray -n '__fish_seen_subcommand_from create run exec' -l pid-file -rF -d 'where to write the process id'
complete -c dray -n '__fish_seen_subcommand_from create run exec' -l preserve-fds -x -d 'descriptors to pass'
complete -c dray -n '__fish_seen_subcommand_from run exec' -s d -l detach -d 'do not wait'
complete -c dray -n '__fish_seen_subcommand_from run' -l keep -d 'do not delete it'

set -l exec '__fish_seen_subcommand_from exec'
complete -c dray -n $exec -s p -l process -rF -d 'process object'
complete -c dray -n $exec -l cwd -x -d 'working directory'
complete -c dray -n $exec -s e -l env -x -d variable
complete -c dray -n $exec -s u -l user -x -d 'user and group'
complete -c dray -n $exec -s g -l additional-gids -x -d group
complete -c dray -n $exec -s c -l cap -x -d capability
complete -c dray -n $exec -s t -l tty -d terminal
complete -c dray -n $exec -l no-new-privs -d 'set no_new_privs'
complete -c dray -n $exec -l apparmor -x -d profile
complete -c dray -n $exec -l process-label -x -d label
complete -c dray -n $exec -l ignore-paused -d 'wait for a paused container'
complete -c dray -n $exec -l cgroup -x -d 'cgroup below'

complete -c dray -n '__fish_seen_subcommand_from kill' -s a -l all -d 'all processes'
complete -c dray -n '__fish_seen_subcommand_from kill delete' -s r -l regex -d 'ids by expression'
complete -c dray -n '__fish_seen_subcommand_from delete' -s f -l force -d 'kill it first'
complete -c dray -n '__fish_seen_subcommand_from list ps' -s f -l format -xa 'table json' -d format
complete -c dray -n '__fish_seen_subcommand_from list' -s q -l quiet -d 'ids alone'
complete -c dray -n '__fish_seen_subcommand_from spec' -s b -l bundle -xa '(__fish_complete_directories)' -d bundle
complete -c dray -n '__fish_seen_subcommand_from spec' -s f -l file -rF -d file
complete -c dray -n '__fish_seen_subcommand_from spec' -l rootless -d 'for a user other than root'

complete -c dray -n '__fish_seen_subcommand_from update' -s r -l resources -rF -d 'resources'
complete -c dray -n '__fish_seen_subcommand_from update' -l blkio-weight -x -d 'share of block device time'
complete -c dray -n '__fish_seen_subcommand_from update' -l cpu-burst -x -d 'quota that can be saved up'
complete -c dray -n '__fish_seen_subcommand_from update' -l cpu-idle -x -d 'idle scheduling'
complete -c dray -n '__fish_seen_subcommand_from update' -l cpu-period -x -d 'period of the quota'
complete -c dray -n '__fish_seen_subcommand_from update' -l cpu-quota -x -d 'CPU time in a period'
complete -c dray -n '__fish_seen_subcommand_from update' -l cpu-rt-period -x -d 'real-time period'
complete -c dray -n '__fish_seen_subcommand_from update' -l cpu-rt-runtime -x -d 'real-time CPU time'
complete -c dray -n '__fish_seen_subcommand_from update' -l cpu-share -x -d 'share of CPU time'
complete -c dray -n '__fish_seen_subcommand_from update' -l cpuset-cpus -x -d 'CPUs'
complete -c dray -n '__fish_seen_subcommand_from update' -l cpuset-mems -x -d 'memory nodes'
complete -c dray -n '__fish_seen_subcommand_from update' -l kernel-memory -x -d 'kernel memory'
complete -c dray -n '__fish_seen_subcommand_from update' -l kernel-memory-tcp -x -d 'memory for TCP'
complete -c dray -n '__fish_seen_subcommand_from update' -l memory -x -d 'memory'
complete -c dray -n '__fish_seen_subcommand_from update' -l memory-reservation -x -d 'protected memory'
complete -c dray -n '__fish_seen_subcommand_from update' -l memory-swap -x -d 'memory and swap'
complete -c dray -n '__fish_seen_subcommand_from update' -l pids-limit -x -d 'processes and threads'
complete -c dray -n '__fish_seen_subcommand_from update' -l l3-cache-schema -x -d 'L3 cache'
complete -c dray -n '__fish_seen_subcommand_from update' -l mem-bw-schema -x -d 'memory bandwidth'

complete -c dray -n '__fish_seen_subcommand_from events' -l stats -d once
complete -c dray -n '__fish_seen_subcommand_from events' -l interval -x -d 'time between statistics'

set -l criu '__fish_seen_subcommand_from checkpoint restore'
complete -c dray -n $criu -l image-path -xa '(__fish_complete_directories)' -d images
complete -c dray -n $criu -l work-path -xa '(__fish_complete_directories)' -d logs
complete -c dray -n $criu -l tcp-established -d 'TCP connections'
complete -c dray -n $criu -l ext-unix-sk -d 'unix sockets to the outside'
complete -c dray -n $criu -l shell-job -d 'sessions of the caller'
complete -c dray -n $criu -l file-locks -d 'file locks'
complete -c dray -n $criu -l manage-cgroups-mode -xa 'soft full strict ignore' -d cgroups
complete -c dray -n $criu -l empty-ns -xa network -d 'leave its contents out'
complete -c dray -n $criu -l network-lock -xa 'iptables nftables skip' -d 'holding connections back'
complete -c dray -n $criu -l lazy-pages -d 'memory on demand'
complete -c dray -n $criu -l auto-dedup -d 'deduplicate images'

set -l checkpoint '__fish_seen_subcommand_from checkpoint'
complete -c dray -n $checkpoint -l parent-path -xa '(__fish_complete_directories)' -d 'images of a pre-dump'
complete -c dray -n $checkpoint -l leave-running -d 'let it run on'
complete -c dray -n $checkpoint -l pre-dump -d 'memory alone'
complete -c dray -n $checkpoint -l tcp-skip-in-flight -d 'leave out connections being made'
complete -c dray -n $checkpoint -l link-remap -d 'name nameless files'
complete -c dray -n $checkpoint -l page-server -x -d 'send memory there'
complete -c dray -n $checkpoint -l status-fd -x -d 'descriptor to report to'

set -l restore '__fish_seen_subcommand_from restore'
complete -c dray -n $restore -s b -l bundle -xa '(__fish_complete_directories)' -d bundle
complete -c dray -n $restore -s f -l config -rF -d configuration
complete -c dray -n $restore -l console-socket -rF -d 'socket that gets the terminal'
complete -c dray -n $restore -l pid-file -rF -d 'where to write the process id'
complete -c dray -n $restore -s d -l detach -d 'do not wait'
complete -c dray -n $restore -l keep -d 'do not delete it'
complete -c dray -n $restore -l tcp-close -d 'restore connections as closed'
complete -c dray -n $restore -l lsm-profile -x -d label
complete -c dray -n $restore -l lsm-mount-context -x -d 'context of the mounts'
