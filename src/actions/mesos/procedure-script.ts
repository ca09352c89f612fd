import { type Script, sh, shellText } from '../../shell/script.ts';
import { GDB_CALLS } from './gdb-calls.ts';
import { LAUNCHING } from './launching.ts';

/** What the script is told. Everything it must be sure of it looks up itself, just before. */
export interface ProcedureInput {
  /** The run, for whoever finds the window open. */
  readonly run: string;
  readonly unit: string;
  /** The start of the agent that is to be restarted: boot/pid/start. */
  readonly instance: string;
  readonly port: number;
  readonly image: string;
  /** The container gets every privilege instead of the one that it needs. */
  readonly privileged: boolean;
  /** Until the first executor gives up waiting. */
  readonly lengthSeconds: number;
  /** Kept for the restart. */
  readonly reserveSeconds: number;
  /** How long the agent may be down. */
  readonly maxDownSeconds: number;
  /** Executors whose links are to be shut: pid, and ticks after the boot at which it began. */
  readonly targets: readonly { readonly pid: number; readonly start: number }[];
  /** Executors wait already, nobody knows how long still: the agent is restarted at once. */
  readonly isOpen: boolean;
}

/**
 * The part that must not stop half way, as one script for the host: shut the executors' links, look, restart the agent.
 * It runs there as a unit of its own, so that neither a lost connection nor a dead bastion is in its way. With `home` as its
 * argument it goes on where it was broken off, if the first link had been begun with and the agent has not been restarted
 * since: that is what the bastion or a timer calls when the script itself has died.
 */
export function procedureScript(given: ProcedureInput, folder: string): Script {
  return sh`#!/bin/sh
# Made by rollgate: shuts the links between this host's Mesos executors and their agent, and restarts the agent before
# the executors' recovery timeout is over. Once the first link is shut, the restart is the only way to keep the tasks:
#   sh ${folder}/procedure.sh home     if links were shut and the agent has not been restarted since: goes on, restarts it
here=${folder}
run=${given.run}
unit=${given.unit}
# boot/pid/start of the agent that is to be restarted, once
agent=${given.instance}
port=${given.port}
image=${given.image}
privileged=${given.privileged ? 'yes' : 'no'}
# seconds: until the first executor gives up; kept of it for the restart; that the agent may be down (after about 60 the
# master removes it)
length=${given.lengthSeconds}
reserve=${given.reserveSeconds}
max_down=${given.maxDownSeconds}
# yes: nothing is to be shut, the agent is restarted at once
at_once=${given.isOpen ? 'yes' : 'no'}
# pid and start of each executor whose link is to be shut
targets=${given.targets.map(({ pid, start }) => `${pid} ${start}`).join('\n')}
${shellText(BODY)}`;
}

const BODY = `
LC_ALL=C
PATH=$PATH:/usr/sbin:/sbin:/opt/mesosphere/bin
export LC_ALL PATH
unset http_proxy https_proxy all_proxy HTTPS_PROXY ALL_PROXY
# Ended half way, it would do the harm that it is there to prevent.
trap '' HUP INT TERM
umask 077
cd "$here" || exit 1
# Old shells put every here-document into a file: not where others may have filled the disk.
TMPDIR=$here
export TMPDIR
hex=$(printf %04X "$port")
contained= opened= shut= hung= mute= killed= alarmed= removal=

say() { echo "$(date -u +%Y-%m-%dT%H:%M:%SZ) $*"; }
tell() { echo "= $*" | sed 's/[^ -~]/?/g' >>results; }
nap() { sleep 0.1 2>/dev/null || sleep 1; }

# Hundredths of a second since the boot.
uptime_cs() { read -r up rest </proc/uptime && echo "\${up%.*}\${up#*.}"; }

# Whole seconds since then.
since() {
  now_cs=$(uptime_cs)
  echo $(((now_cs - $1) / 100))
}

# Clock ticks after the boot at which a process began; with its pid, who it is.
start_of() { tr '\\n' ' ' <"/proc/$1/stat" 2>/dev/null | sed 's/^.*) //' | cut -d' ' -f20; }
main_pid() { systemctl show -p MainPID "$1" | sed 's/^MainPID=//'; }
agent_now() {
  pid=$(main_pid "$unit")
  case $pid in '' | 0) ;; *) echo "$(cat /proc/sys/kernel/random/boot_id)/$pid/$(start_of "$pid")" ;; esac
}
listening() {
  cat /proc/net/tcp /proc/net/tcp6 2>/dev/null |
    awk -v port=":$hex" '{ n = split($2, near, ":") } n == 2 && ":" near[2] == port && $4 == "0A" { found = 1 } END { exit !found }'
}

# Every socket of a process whose far end is the agent's port, as "fd inode": in its own network namespace, established.
# An executor may hold thousands of others: the tables are read once, and what looks like one of these is looked at again.
links_of() {
  inodes=" $(cat "/proc/$1/net/tcp" "/proc/$1/net/tcp6" 2>/dev/null |
    awk -v port=":$hex" '{ n = split($3, far, ":") } n == 2 && ":" far[2] == port && $4 == "01" { printf "%s ", $10 }')"
  ls -n "/proc/$1/fd/" 2>/dev/null | sed -n 's/^l.* \\([0-9][0-9]*\\) -> socket:\\[\\([0-9][0-9]*\\)\\]$/\\1 \\2/p' |
    while read -r fd inode; do
      case $inodes in *" $inode "*) holds "$1" "$fd" "$inode" && echo "$fd $inode" ;; esac
    done
}
holds() {
  [ "$(readlink "/proc/$1/fd/$2" 2>/dev/null)" = "socket:[$3]" ] || return 1
  cat "/proc/$1/net/tcp" "/proc/$1/net/tcp6" 2>/dev/null |
    awk -v port=":$hex" -v inode="$3" '{ n = split($3, far, ":") } n == 2 && ":" far[2] == port && $4 == "01" && $10 == inode { found = 1 } END { exit !found }'
}
# Whether a debugger holds one of the executors, or a process: frozen, it would miss the agent's recovery.
traced() {
  echo "\${1:-$targets}" | while read -r pid start; do
    sed -n 's/^TracerPid:[^0-9]*//p' "/proc/$pid/status" 2>/dev/null
  done | grep -q '[1-9]'
}
# Whether gdb is at work, or still on its way to an executor: it would shut there whatever it finds.
debugging() { traced || cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\000' ' ' | grep -q '[g]db -nx -q -batch'; }

# What is so on this host, written before it is acted upon: any bastion can read it.
note() {
  {
    echo "phase $1"
    echo "run $run"
    echo "agent $agent"
    echo "unit $unit"
    echo "opened_uptime_cs $opened_cs"
    echo "opened_epoch $opened_epoch"
    echo "length $length"
    echo "$targets" | sed 's/^/executor /'
  } >state.new && mv -f state.new state
}
noted() { sed -n "s/^$1 //p" state 2>/dev/null | head -n 1; }

# Seconds left: by the host's clock that never goes back, and by the one that the executors go by, whichever says less.
left() {
  past=$(since "$opened_cs")
  wall=$(date +%s)
  wall=$((wall - opened_epoch))
  [ "$wall" -gt "$past" ] && past=$wall
  echo $((length - past))
}

${GDB_CALLS}

# What it says where nothing has been touched yet.
refuse() {
  say "refused, nothing was touched: $*"
  tell "refused $*"
  [ -z "$contained" ] || remove
  note refused
  exit 0
}

# Tried on a process of our own first: SELinux, AppArmor, seccomp or namespaces may forbid it.
prove() {
  within 60 docker version >docker.out 2>&1 </dev/null || refuse "Docker does not answer: $(tail -n 1 docker.out)"
  remove
  contained=yes
  container >docker.out 2>&1 </dev/null || refuse "the container with gdb does not start: $(tail -n 1 docker.out)"
  systemctl stop rollgate-throwaway.service 2>/dev/null
  systemctl reset-failed rollgate-throwaway.service 2>/dev/null
  systemd-run --unit=rollgate-throwaway.service sleep 600 9>&- || refuse 'systemd-run does not start a process to try gdb on'
  dummy=$(main_pid rollgate-throwaway.service)
  call "$dummy" '(int)shutdown(-1,0)' proof
  said=$(returned "gdb.$dummy.proof")
  systemctl stop rollgate-throwaway.service
  [ "$said" = -1 ] || refuse "gdb cannot work on this host, tried on a process of its own: $(grep -v '^$' "gdb.$dummy.proof" | tail -n 6 | tr '\\n' ' '); allow containers ptrace there (SELinux, AppArmor, seccomp, namespaces), or leave the host out"
}

${LAUNCHING}

# An executor that speaks of it has seen its link end. Its own words count only from now on.
words_of() {
  sandbox=$(tr '\\0' '\\n' <"/proc/$1/environ" 2>/dev/null | sed -n 's/^MESOS_DIRECTORY=//p' | head -n 1)
  if [ -f "$sandbox/stderr" ]; then tail -c 65536 "$sandbox/stderr" | grep -c -E '(Agent|Slave) exited'; else echo 0; fi
}

shut_executor() {
  pid=$1
  if [ "$(start_of "$pid")" != "$2" ]; then say "$pid is gone"; tell "left $pid gone"; return; fi
  # Another agent has come by itself: whom it has taken back, it would not ask again, and nothing restarts it for him.
  case $(agent_now) in
  '' | "$agent") ;;
  *) say "$unit has been restarted by somebody else: $pid is not shut any more"; tell "left $pid restarted"; return ;;
  esac
  links=$(links_of "$pid")
  if [ -z "$links" ] && [ -s "heard.$pid" ]; then
    say "$pid waits already"
    called=$(sed -n "s/^= shut $pid \\([0-9]*\\) .*/= after $pid \\1 closed/p" results)
    echo "$called" >>results
    return
  fi
  if [ -z "$links" ]; then say "$pid has no link any more"; tell "left $pid unlinked"; return; fi
  # Kept: who goes on after a script that died must know whom that has made wait.
  [ -s "heard.$pid" ] || words_of "$pid" >"heard.$pid"
  heard=$(cat "heard.$pid")
  while read -r fd inode; do
    # A second end of file kills an executor that waits already: with several sockets, stop at the one that was the link.
    if [ "$(words_of "$pid")" -gt "$heard" ]; then tell "left $pid waits $fd"; continue; fi
    shut_link "$pid" "$fd" "$inode"
  done <<LINKS
$links
LINKS
}

shut_link() {
  if [ -z "$opened" ]; then
    opened=yes
    note open || refuse "the state of this host cannot be written to $here"
  fi
  for attempt in 1 2; do
    holds "$1" "$2" "$3" || break
    if ! call "$1" "(int)shutdown($2,0)" "$2"; then
      # Where gdb has come to it, Docker is well, and the others can be saved.
      hung=yes
      traced "$1" || mute=yes
      say "gdb does not come back from $1; it is left alone"
      tell "shut $1 $2 hung"
      return
    fi
    said=$(returned "gdb.$1.$2")
    say "shutdown($2,0) in $1 returned \${said:-nothing}"
    tell "shut $1 $2 \${said:-nothing}"
    [ "$said" != 0 ] || break
  done
  n=0
  while holds "$1" "$2" "$3" && [ "$n" -lt 20 ]; do n=$((n + 1)); nap; done
  if holds "$1" "$2" "$3"; then tell "after $1 $2 open"; else tell "after $1 $2 closed"; shut=yes; fi
}

alive() {
  echo "$targets" | while read -r pid start; do
    [ -n "$pid" ] || continue
    if [ "$(start_of "$pid")" = "$start" ]; then echo "= executor $pid alive"; else echo "= executor $pid gone"; fi
  done >>results
}

shut_all() {
  while read -r target began; do
    if [ -n "$mute" ] || [ "$(left)" -le "$reserve" ]; then
      say "$target is not shut any more: $(left) s are left"
      tell "left $target late"
    else
      shut_executor "$target" "$began"
    fi
  done <<TARGETS
$targets
TARGETS
  if [ -z "$hung" ]; then
    remove 9>&- &
    removal=$!
  fi
  contained=
  alive
}

# Whether systemd has yet to do what a script that died asked for.
ordered() { systemctl show -p Job "$unit" | grep -q '=[1-9]'; }

# At most once: a second restart while the agent takes its executors back kills those that wait.
restart() {
  n=0
  while traced && [ "$n" -lt 100 ]; do n=$((n + 1)); nap; done
  begun=$(uptime_cs)
  verb=
  ordered || case $(agent_now) in
  "$agent") verb=restart ;;
  '') verb=start ;;
  esac
  if [ -n "$verb" ]; then
    note restarting
    say "systemctl $verb $unit"
    (systemctl "$verb" "$unit"; echo "$?" >restart.end) 9>&- &
  else
    say "$unit has been restarted already, or is being restarted"
  fi
  # A stop can hang for longer than the master waits. Only the agent itself is ended: its executors may be in its cgroup.
  while [ "$(agent_now)" = "$agent" ]; do
    waited=$(since "$begun")
    if [ -z "$killed" ] && [ "$waited" -ge 10 ]; then
      killed=yes
      say "$unit does not stop: ending it"
      tell killed
      systemctl kill --kill-who=main -s KILL "$unit"
    fi
    if [ "$waited" -gt 120 ]; then tell "stuck $waited"; note absent; return 1; fi
    nap
  done
  nudged=$begun
  until systemctl is-active "$unit" >/dev/null 2>&1 && [ -n "$(agent_now)" ] && listening; do
    waited=$(since "$begun")
    if [ -z "$alarmed" ] && [ "$waited" -gt "$max_down" ]; then
      alarmed=yes
      say "ALARM: $unit has been down for more than $max_down s; the master may remove this agent. Look now: journalctl -u $unit"
      tell alarm
    fi
    if [ "$waited" -gt $((length + 60)) ]; then tell "absent $waited"; note absent; return 1; fi
    if [ "$(since "$nudged")" -gt 15 ]; then
      nudged=$(uptime_cs)
      case $(systemctl is-active "$unit") in
      failed | inactive) systemctl reset-failed "$unit"; systemctl start --no-block "$unit" ;;
      esac
    fi
    nap
  done
  back=$(uptime_cs)
  took=$((back - begun))
  if [ -n "$verb" ]; then
    say "$unit is back after $((took / 100)).$((took / 10 % 10)) s"
    tell "down $((took * 10))"
  else
    tell 'restarted already'
  fi
  note restarted
}

# Goes on where the script died. Its end tells whether the host is home.
home() {
  opened_cs=$(noted opened_uptime_cs)
  opened_epoch=$(noted opened_epoch)
  phase=$(noted phase)
  case $phase in
  open | restarting | absent) ;;
  *) say 'nothing is open on this host'; return ;;
  esac
  tell home
  if [ "$phase$at_once" = openno ] && [ "$(agent_now)" = "$agent" ]; then
    opened=yes
    wait_for_gdb
    shut_all
  fi
  restart
}
# What the dead script began may still be at work, or only just be starting.
wait_for_gdb() {
  n=0
  while [ "$n" -lt 20 ] || { debugging && [ "$n" -lt 150 ]; }; do n=$((n + 1)); nap; done
  ! debugging || hung=yes
  [ -z "$hung" ] || traced || mute=yes
}

procedure() {
  opened_cs=$(uptime_cs)
  opened_epoch=$(date +%s)
  [ "$opened_cs" -gt 0 ] 2>/dev/null || refuse '/proc/uptime cannot be read'
  [ "$(agent_now)" = "$agent" ] || refuse "$unit has been restarted since it was looked at"
  if [ "$at_once" = no ]; then
    prove
    if launching; then refuse "a task is being launched"; fi
    opened_cs=$(uptime_cs)
    opened_epoch=$(date +%s)
    shut_all
    if [ -z "$shut$hung" ]; then
      say 'no link was shut: the agent is not restarted'
      tell unopened
      note refused
      return
    fi
  else
    note open || refuse "the state of this host cannot be written to $here"
  fi
  restart
}

main() {
  if [ "$1" = home ]; then
    flock 9 9>&9 # said again: mksh keeps descriptors from the programs that it starts
    home
  elif flock -n 9 9>&9; then
    procedure
  else
    refuse 'another procedure is at work on this host'
  fi
  [ -z "$removal" ] || wait "$removal"
}

exec 9>>lock
main "$1" >>log 2>&1
`;
