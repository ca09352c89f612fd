import { type Script, sh } from '../../shell/script.ts';

const UNITS = ['dcos-mesos-slave.service', 'dcos-mesos-slave-public.service'];

/**
 * Asks for the agent: which unit is there, its process and since when. Everything that could hold a hostile name is
 * printed in hex.
 */
export function askAgent(port: number): Script {
  return sh`${BEGINNING}
${AGENT}
${tables(port)}
echo '= end'`;
}

/**
 * Asks for the agent and for every process that an agent launched, whatever it is called: found by its environment. Its
 * sockets are told by inode from the table of its own network namespace. The tables are read last, so that a
 * socket that is in them was there all the time.
 */
export function askEverything(port: number): Script {
  return sh`${BEGINNING}
${AGENT}
for file in $(grep -l MESOS_EXECUTOR_ID= /proc/[0-9]*/environ 2>/dev/null); do
  pid=\${file#/proc/}; pid=\${pid%/environ}
  echo "= process $pid"
  for part in stat environ cmdline; do echo "- $part"; od -An -v -tx1 "/proc/$pid/$part" 2>/dev/null; done
  echo "- net $(readlink "/proc/$pid/ns/net")"
  for fd in /proc/$pid/fd/*; do
    target=$(readlink "$fd") || continue
    case $target in 'socket:['*) echo "- fd \${fd##*/} $target" ;; esac
  done
  pids="$pids $pid"
done
${tables(port)}
echo '= text'
echo '- version'; { mesos-slave --version || mesos-agent --version; } 2>/dev/null </dev/null | od -An -v -tx1
echo '- docker'; docker ps 2>&1 | od -An -v -tx1
echo '- netstat'; { netstat -nap 2>/dev/null || ss -tnap 2>&1; } | od -An -v -tx1
echo '- count'; ps -e -o args= 2>/dev/null | grep -c -E '[m]esos-exec|[m]esos-doc' | od -An -v -tx1
echo '= end'`;
}

const BEGINNING = sh`LC_ALL=C; export LC_ALL
PATH=$PATH:/usr/sbin:/sbin:/opt/mesosphere/bin
[ -r /opt/mesosphere/environment.export ] && . /opt/mesosphere/environment.export
pids=self
echo "= boot $(cat /proc/sys/kernel/random/boot_id)"`;

/** systemd's answer goes through od too: a unit's description is somebody's text. */
const AGENT = sh`for unit in ${UNITS}; do
  echo "= unit $unit"
  echo '- show'; systemctl show -p LoadState -p ActiveState -p MainPID "$unit" 2>/dev/null | od -An -v -tx1
  pid=$(systemctl show -p MainPID "$unit" 2>/dev/null); pid=\${pid#MainPID=}
  case $pid in ''|0) ;; *) echo '- stat'; od -An -v -tx1 "/proc/$pid/stat" 2>/dev/null ;; esac
done`;

/** Listening sockets, and those with the agent's port at either end, once for each network namespace. */
function tables(port: number): Script {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  return sh`seen=' '
for pid in $pids; do
  net=$(readlink "/proc/$pid/ns/net") || continue
  case $seen in *" $net "*) continue ;; esac
  seen="$seen$net "
  echo "= net $net"
  for table in /proc/$pid/net/tcp /proc/$pid/net/tcp6; do
    awk -v port=${hex} '{ n = split($2, near, ":"); m = split($3, far, ":")
      if (n == 2 && m == 2 && ($4 == "0A" || near[2] == port || far[2] == port)) print "- tcp", near[2], far[2], $4, $10 }' "$table" 2>/dev/null
  done
done`;
}
