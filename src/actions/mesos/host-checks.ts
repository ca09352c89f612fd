import type { Found } from './ask.ts';
import type { Agent } from './facts.ts';
import { fail, type Given, type PreflightCheck, pass, unknown } from './preflight-check.ts';
import type { Room, WindowState } from './surroundings.ts';

/** The machine has what a shutdown needs, and nobody else is at it. */
export function hostChecks(found: Found, given: Given): readonly PreflightCheck[] {
  return [
    docker(found),
    ...(given.image === undefined ? [] : [image(found, given.image)]),
    ...(found.surroundings?.rooms ?? []).map(room),
    clock(found, given),
    windows(found),
  ];
}

function docker(found: Found): PreflightCheck {
  if (found.docker === undefined) return unknown('Docker', 'not asked');
  return found.docker.answers
    ? pass('Docker', `answers, ${found.docker.containers.size} containers`)
    : fail('Docker', 'docker ps or docker inspect gets no answer', 'see systemctl status docker');
}

function image({ surroundings, isDryRun }: Found, wanted: string): PreflightCheck {
  if (surroundings === undefined) return unknown('image', 'not asked');
  if (surroundings.images.includes(wanted)) return pass('image', `${wanted} is there`);
  return isDryRun === true
    ? unknown('image', `${wanted} is not there, and a dry run brings none`)
    : fail('image', `${wanted} is not there`, 'mesos_gdb_image brings it');
}

/** Logs and state of one shutdown are some hundred KiB; a disk with less than this is full in all but name. */
const LEAST_KIB = 64 * 1024;

function room({ place, freeKib }: Room): PreflightCheck {
  if (freeKib === undefined) return unknown('disk', `df does not say what is free for ${place}`);
  const why = `${Math.floor(freeKib / 1024)} MiB free for ${place}, at least ${LEAST_KIB / 1024} wanted`;
  return freeKib >= LEAST_KIB ? pass('disk', why) : fail('disk', why, 'make room');
}

/** Executors count their patience by the wall clock. */
function clock(found: Found, given: Given): PreflightCheck {
  const synchronised = found.clock?.synchronised ?? 'unknown';
  if (synchronised === 'unknown')
    return unknown(
      'clock',
      'none of systemd-timesyncd, chronyc, ntpstat and timedatectl says whether it is synchronised',
    );
  if (synchronised === 'yes') return pass('clock', 'synchronised');
  return given.clock === 'trusted'
    ? pass('clock', 'not synchronised, and vouched for by `clock: trusted`')
    : fail(
        'clock',
        'not synchronised',
        'a step of the clock shortens the recovery timeout; see to NTP, or vouch for it with `clock: trusted`',
      );
}

function windows({ surroundings, agent, clock: now }: Found): PreflightCheck {
  if (surroundings === undefined) return unknown('no other window', 'not asked');
  const open = surroundings.windows.filter((state) => isOpen(state, agent, now?.bootId));
  if (open.length === 0) return pass('no other window', 'none is open on this host');
  const who = open.map(({ file, words }) => `${file}: ${words.phase}, begun by ${words.run ?? 'nobody knows whom'}`);
  return fail('no other window', who.join('; '), 'resume that run, or bring its agent home first');
}

/** Links were shut, and the agent has not been started since, whatever the script lived to write. */
function isOpen({ words }: WindowState, { instance }: Agent, bootId: string | undefined): boolean {
  const isOfThisBoot = bootId === undefined || words.agent?.split('/')[0] === bootId;
  const isSince = instance === '' ? isOfThisBoot : words.agent === instance;
  return isSince && ['open', 'restarting', 'absent'].includes(words.phase ?? '');
}
