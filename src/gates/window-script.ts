import { lines, type Script, sh } from '../shell/script.ts';
import type { HostMoment } from './window.ts';

/** Root's own, and there after a reboot: any bastion sees here that a window is open, whose, and since when. */
const FOLDER = '/var/lib/rollgate/windows';

export interface Opening {
  readonly name: string;
  /** The run, and the name of the host in it. */
  readonly run: string;
  readonly lengthSeconds: number;
  /** Runs on the host when nobody has closed the window by then. */
  readonly guard?: { readonly command: string; readonly afterSeconds: number };
}

const guardUnit = (name: string) => `rollgate-guard-${name}`;

const PREFACE = sh`LC_ALL=C; export LC_ALL
PATH=$PATH:/usr/sbin:/sbin
refuse() { echo "= refused $*"; exit 0; }
noted() { sed -n "s/^$1 //p" "$file" 2>/dev/null | head -n 1; }
now() {
  up=
  read -r up rest </proc/uptime
  case $up in *[0-9].[0-9][0-9]) ;; *) refuse '/proc/uptime of this host cannot be read' ;; esac
  echo "\${up%.*}\${up#*.} $(date +%s) $(cat /proc/sys/kernel/random/boot_id)"
}`;

/** After how many seconds a guard comes again that did not end well. */
const AGAIN_AFTER_SECONDS = 10;

/**
 * Opens a window on its host: says so in a file before anything is done, and arms the guard. It may be sent again. The
 * host itself refuses a second one: by the file, under a lock, and by the fixed name of the guard's unit. (`true >>`, not
 * `: >>`: where that cannot be written, a POSIX shell ends without a word. `9>&9`: mksh keeps descriptors from the
 * programs that it starts, unless they are handed on.)
 */
export function openScript({ name, run, lengthSeconds, guard }: Opening): Script {
  return lines([
    PREFACE,
    sh`file=${`${FOLDER}/${name}`}
run=${run}
umask 077
{ mkdir -p ${FOLDER} && true >>${`${FOLDER}/lock`}; } 2>/dev/null || refuse ${`nothing can be written to ${FOLDER} on this host: is its disk full or read-only?`}
command -v flock >/dev/null 2>&1 || refuse 'this host has no flock, without which two could open the window at once'
exec 9>>${`${FOLDER}/lock`}
flock 9 9>&9 || refuse 'the lock that keeps two from opening the window at once cannot be had on this host'
now=$(now)
case $now in '= '*) echo "$now"; exit 0 ;; esac
opened=$(noted opened)
if [ "$(noted phase)" = open ] && [ "\${opened##* }" = "\${now##* }" ]; then
  [ "$(noted run)" = "$run" ] || refuse "window ${name} is open on this host, opened by $(noted run) $(( (\${now%% *} - \${opened%% *}) / 100 )) s ago: resume that run, or wait for its end"
  echo "= opened $opened"
  exit 0
fi
{ printf 'phase open\nrun %s\nopened %s\nlength %s\n' "$run" "$now" ${lengthSeconds} >"$file.new" && mv -f "$file.new" "$file"; } || refuse 'the file that tells of the window cannot be written on this host'`,
    guard === undefined ? sh`:` : armScript(name, guard),
    sh`echo "= opened $now"`,
  ]);
}

function armScript(
  name: string,
  { command, afterSeconds }: { readonly command: string; readonly afterSeconds: number },
): Script {
  const unit = guardUnit(name);
  return sh`systemctl is-active ${`${unit}.timer`} >/dev/null 2>&1 && { rm -f "$file"; refuse 'a guard of that name is armed on this host already: somebody else works here'; }
systemctl reset-failed ${unit} 2>/dev/null
printf %s ${guardScript(name, command)} >"$file.guard" || { rm -f "$file"; refuse 'the guard cannot be written on this host'; }
said=$(systemd-run --unit=${unit} --on-active=${`${afterSeconds}s`} --on-unit-inactive=${`${AGAIN_AFTER_SECONDS}s`} --timer-property=AccuracySec=1s /bin/sh "$file.guard" 2>&1 9>&-)
systemctl is-active ${`${unit}.timer`} >/dev/null 2>&1 || { rm -f "$file"; refuse "no guard can be armed on this host: $said"; }`;
}

/**
 * What the guard's unit runs. It lies in a file: what stands in a unit is read otherwise by one systemd and the next. Done
 * well, it disarms itself; killed or failed, it comes again.
 */
function guardScript(name: string, command: string): string {
  return `#!/bin/sh
# Made by rollgate: comes when nobody has closed window ${name} in time, and again until this has ended well.
grep -qs '^fired ' ${FOLDER}/${name} || echo "fired $(date +%s)" >>${FOLDER}/${name}
(
${command}
) && systemctl stop ${guardUnit(name)}.timer
`;
}

/** How things stand in a window: the host's clocks now, and whether the guard has fired. */
export function lookScript(name: string): Script {
  return lines([
    PREFACE,
    sh`file=${`${FOLDER}/${name}`}
echo "= opened $(noted opened)"
echo "= now $(now)"
[ -z "$(noted fired)" ] || echo '= fired'`,
  ]);
}

/** Closes a window and disarms its guard. It may be sent again. */
export function closeScript(name: string): Script {
  const unit = guardUnit(name);
  return lines([
    PREFACE,
    sh`file=${`${FOLDER}/${name}`}
systemctl stop ${`${unit}.timer`} >/dev/null 2>&1
[ -z "$(noted fired)" ] || echo '= fired'
[ ! -f "$file" ] || { sed 's/^phase .*/phase closed/' "$file" >"$file.new" && mv -f "$file.new" "$file"; }`,
  ]);
}

/** What one of these scripts said. */
export interface Said {
  /** The host turns the window away. */
  readonly refused?: string;
  readonly opened?: HostMoment;
  readonly now?: HostMoment;
  readonly hasFired: boolean;
}

export function readWindow(output: string): Said {
  const words = new Map(
    output.split('\n').flatMap((line) => {
      const [, name, rest = ''] = /^= (\w+) ?(.*)$/.exec(line) ?? [];
      return name === undefined ? [] : [[name, rest] as const];
    }),
  );
  const refused = words.get('refused');
  const opened = momentIn(words.get('opened'));
  const now = momentIn(words.get('now'));
  return {
    ...(refused === undefined ? {} : { refused }),
    ...(opened === undefined ? {} : { opened }),
    ...(now === undefined ? {} : { now }),
    hasFired: words.has('fired'),
  };
}

function momentIn(text: string | undefined): HostMoment | undefined {
  const [, uptime, epoch, boot = ''] = /^(\d+) (\d+) (\S+)$/.exec(text ?? '') ?? [];
  return uptime === undefined ? undefined : { uptimeCs: Number(uptime), epoch: Number(epoch), boot };
}
