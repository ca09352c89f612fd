import type { FleetHost } from './host.ts';

/** Where one of rollgate's units on a host is held, as a whole: at a call of a tool. */
export interface Point {
  readonly unit: 'script' | 'guard';
  /** The call, as a shell pattern: `docker exec * attach 13 *`. */
  readonly call: string;
  /** `midway`: what it asks of systemd has been ordered, and is not waited for. */
  readonly moment: 'before' | 'midway' | 'after';
  /** A condition, as shell: calls at which it does not hold are let pass. */
  readonly where?: string;
}

const UNITS = { script: 'rollgate-executor-shutdown.service', guard: 'rollgate-guard-executor-shutdown.service' };

/** Stands before a tool. A point is met once. */
const WRAPPER = `#!/bin/sh
real=/usr/bin/\${0##*/}
unit=$(sed -n 's!.*/\\(rollgate-[a-z-]*\\.service\\)$!\\1!p' /proc/self/cgroup | head -n 1)
[ -n "$unit" ] || exec "$real" "$@"
hold() {
  : >"/run/points/$name.met"
  /usr/bin/systemctl kill -s STOP "$unit"
}
for point in /run/points/*.point; do
  [ -e "$point" ] || continue
  . "$point"
  [ "$of" = "$unit" ] || continue
  case "\${0##*/} $*" in $call) ;; *) continue ;; esac
  eval "$where" || continue
  mv "$point" "$point.used" 2>/dev/null || continue
  name=\${point##*/}
  name=\${name%.point}
  case $moment in
  before) hold ;;
  midway) "$real" --no-block "$@"; hold; exit 0 ;;
  after) "$real" "$@"; code=$?; hold; exit "$code" ;;
  esac
done
exec "$real" "$@"
`;

/** Puts points on a host, by name, and takes away those of the time before. */
export async function setPoints(host: FleetHost, points: Readonly<Record<string, Point>>): Promise<void> {
  await host.read('rm -rf /run/points; mkdir /run/points; cat > /usr/local/bin/docker', WRAPPER);
  await host.read('cd /usr/local/bin; chmod +x docker; ln -sf docker systemctl; ln -sf docker flock');
  for (const [name, { unit, call, moment, where = 'true' }] of Object.entries(points)) {
    const words = { of: UNITS[unit], call, moment, where };
    const lines = Object.entries(words).map(([word, value]) => `${word}='${value}'\n`);
    await host.read(`cat > /run/points/${name}.new`, lines.join(''));
    await host.read(`mv /run/points/${name}.new /run/points/${name}.point`);
  }
}

/** Resolves when a point has been met. */
export function met(host: FleetHost, name: string): Promise<void> {
  return host.until(
    `${name} is met`,
    async () => (await host.exec(`test -e /run/points/${name}.met`)).code === 0,
    120_000,
  );
}

/** Lets a unit that is held go on. */
export async function release(host: FleetHost, unit: Point['unit']): Promise<void> {
  await host.read(`systemctl kill -s CONT ${UNITS[unit]}`);
}

/** Kills a whole unit, with all that it is about to do. */
export async function killUnit(host: FleetHost, unit: Point['unit']): Promise<void> {
  await host.read(`systemctl kill -s KILL ${UNITS[unit]}`);
}
