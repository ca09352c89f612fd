import { type Script, sh } from '../../shell/script.ts';

const UNITS = ['rexray.service', 'dcos-rexray.service'];

/** Where RexRay mounts volumes (libstorage is its newer name for the place), and the devices it makes. */
const MOUNTED = '/var/lib/(rexray|libstorage)/|/dev/rexray';

/** One line of JSON for each container: name, mounts, environment. */
const CONTAINER = '[{{json .Name}},{{json .Mounts}},{{json .Config.Env}}]';

/**
 * Asks for RexRay's unit and for who has its volumes: its mounts in every mount namespace, the processes that have the
 * same devices in a namespace of their own, and the running containers. What could hold a hostile name is printed in hex.
 */
export function askRexray(): Script {
  return sh`LC_ALL=C; export LC_ALL
PATH=$PATH:/usr/sbin:/sbin
[ "$(id -u)" = 0 ] || echo '= blind'
for unit in ${UNITS}; do
  echo "= unit $unit"
  echo '- show'; systemctl show -p LoadState -p ActiveState -p UnitFileState "$unit" 2>/dev/null | od -An -v -tx1
done
${MOUNTS}
${HOLDERS}
${CONTAINERS}
echo '= end'`;
}

const MOUNTS = sh`seen=' '; here=$(readlink /proc/self/ns/mnt); procs=''; devices=''
for proc in /proc/self /proc/[0-9]*; do
  ns=$(readlink "$proc/ns/mnt" 2>/dev/null) || continue
  case $seen in *" $ns "*) continue ;; esac
  seen="$seen$ns "
  [ "$ns" = "$here" ] || procs="$procs $proc"
  found=$(grep -E ${MOUNTED} "$proc/mountinfo" 2>/dev/null) || continue
  echo '= mounts'; echo '- lines'; printf '%s\n' "$found" | od -An -v -tx1
  devices="$devices $(printf '%s\n' "$found" | awk '{ print $3 }')"
done`;

const HOLDERS = sh`for proc in $procs; do
  for device in $devices; do
    grep -q -F " $device " "$proc/mountinfo" 2>/dev/null || continue
    echo "= holder \${proc#/proc/}"
    echo '- comm'; od -An -v -tx1 "$proc/comm" 2>/dev/null
    echo '- environ'; od -An -v -tx1 "$proc/environ" 2>/dev/null
    break
  done
done`;

/** A container that ended meanwhile holds nothing; one that runs and cannot be looked into is told of. */
const CONTAINERS = sh`if command -v docker >/dev/null 2>&1; then
  if ids=$(docker ps -q --no-trunc 2>/dev/null); then
    for id in $ids; do
      echo "= container $id"
      if json=$(docker inspect -f ${CONTAINER} "$id" 2>/dev/null); then echo '- json'; printf '%s' "$json" | od -An -v -tx1
      elif docker ps -q --no-trunc | grep -q -F "$id"; then echo '- unread'; fi
    done
  else echo '= mute'; fi
fi`;
