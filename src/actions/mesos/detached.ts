import { lines, type Script, sh } from '../../shell/script.ts';

/** root's own, and there after a reboot. */
export const FOLDER = '/var/lib/rollgate/executor-shutdown';

/** One name on every host: systemd itself refuses a second one. */
const UNIT = 'rollgate-executor-shutdown.service';

/** There is nothing to bring home: no link was shut, or the agent has been restarted since. */
export const NOTHING_OPEN = 'nothing is open on this host';

const PREFACE = sh`LC_ALL=C; export LC_ALL
PATH=$PATH:/usr/sbin:/sbin
refuse() { echo "= refused $*"; exit 3; }
noted() { sed -n "s/^$1 //p" ${`${FOLDER}/state`} 2>/dev/null | head -n 1; }
start() {
  systemctl reset-failed ${UNIT} 2>/dev/null
  said=$(systemd-run --unit=${UNIT} --description='rollgate: executor shutdown' /bin/sh "$PWD/procedure.sh" "$@" 2>&1 9>&-)
}`;

/**
 * Starts the procedure as a unit of the host's own. It may be sent again: what this run has begun goes on, also where
 * its script has died, and what another has begun is left to it.
 */
export function startScript(procedure: Script, run: string, instance: string): Script {
  return lines([
    PREFACE,
    sh`run=${run}
agent=${instance}
umask 077
{ mkdir -p ${FOLDER} && true >${`${FOLDER}/starting`}; } 2>/dev/null || refuse ${`nothing can be written to ${FOLDER} on this host: is its disk full or read-only?`}
cd ${FOLDER}
command -v flock >/dev/null 2>&1 || refuse 'this host has no flock, without which two could restart its agent at once'
exec 9>>starting
flock 9 9>&9 # said again: mksh keeps descriptors from the programs that it starts
holder=$(noted run)
case $(systemctl is-active ${UNIT}) in active | activating | deactivating)
  [ "$holder" = "$run" ] && exit 0
  refuse "the procedure is under way on this host, begun by $holder" ;;
esac
began=$(noted agent)
# Of another start of the agent: it has been restarted since, and nothing is open.
if [ "$began" = "$agent" ]; then
  case $(noted phase) in
  open | restarting | absent)
    [ "$holder" = "$run" ] || refuse "links were shut on this host by $holder, and the agent has not been restarted since: resume that run, or on the host: sh $PWD/procedure.sh home"
    start home || refuse "systemd-run does not start it: $said"
    exit 0 ;;
  restarted) [ "$holder" = "$run" ] && exit 0 ;;
  esac
fi
rm -f results docker.out gdb.* heard.* save_exec.out restart.end
[ ! -f log ] || mv -f log log.before
: >save_exec.out
TMPDIR=$PWD; export TMPDIR # old shells put here-documents there, and /tmp may be full
cat >procedure.new <<'END_OF_PROCEDURE' && mv -f procedure.new procedure.sh || refuse ${`the procedure cannot be written to ${FOLDER} on this host: is its disk full?`}`,
    procedure,
    sh`END_OF_PROCEDURE
printf 'phase begun\nrun %s\nagent %s\n' "$run" "$agent" >state
start || { echo 'phase refused' >state; refuse "systemd-run does not start it: $said"; }`,
  ]);
}

/** Follows the procedure to its end, and prints what came of it. It may be sent again. */
export const WATCH: Script = lines([
  sh`cd ${FOLDER} || exit 1
shown=0
show() {
  tail -n +$((shown + 1)) log 2>/dev/null
  shown=$(wc -l <log 2>/dev/null || echo 0)
}
while case $(systemctl is-active ${UNIT}) in active | activating | deactivating) ;; *) false ;; esac; do
  show
  sleep 1
done
show
cat results 2>/dev/null
for out in gdb.*; do
  case $out in *.end | 'gdb.*') continue ;; esac
  echo "= said $out"
  LC_ALL=C sed 's/[^ -~]/?/g; s/^/| /' "$out"
done
echo "= end $(sed -n 's/^phase //p' state)"`,
]);

/** Where links were shut and the agent has not been restarted since: goes on, in a unit too. It may be sent again. */
export const START_HOME: Script = lines([
  PREFACE,
  sh`cd ${FOLDER} 2>/dev/null || refuse ${NOTHING_OPEN}
case $(systemctl is-active ${UNIT}) in active | activating | deactivating) exit 0 ;; esac
began=$(noted agent)
[ "\${began%%/*}" = "$(cat /proc/sys/kernel/random/boot_id)" ] || refuse ${NOTHING_OPEN}
case $(noted phase) in
open | restarting | absent) ;;
restarted) exit 0 ;;
*) refuse ${NOTHING_OPEN} ;;
esac
start home || refuse "systemd-run does not start it: $said"`,
]);
