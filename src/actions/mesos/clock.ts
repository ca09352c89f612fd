import { sh } from '../../shell/script.ts';
import { bytesOf, printable, type Section } from './sections.ts';

/** The host's clocks. An executor counts its patience by the wall clock: a step forward shortens it. */
export interface HostClock {
  readonly bootId: string;
  readonly uptimeSeconds: number;
  /** Seconds since 1970. */
  readonly wallSeconds: number;
  readonly synchronised: 'yes' | 'no' | 'unknown';
}

/**
 * timedatectl wakes a daemon of its own on the host, so it is asked only where none of the others says yes. What
 * systemd-timesyncd wrote longer ago than the kernel takes to give a clock up (9 h) says nothing.
 */
export const ASK_CLOCK = sh`echo '= clock'
echo "- uptime $(cat /proc/uptime)"
echo "- wall $(date +%s)"
timesync=$(find /run/systemd/timesync/synchronized -mmin -540 2>/dev/null)
chrony=$(limited 3 chronyc -n tracking 2>/dev/null </dev/null)
ntp=$(limited 3 ntpstat 2>/dev/null </dev/null)
echo '- timesyncd'; printf '%s\\n' "$timesync" | hex
echo '- chronyc'; printf '%s\\n' "$chrony" | hex
echo '- ntpstat'; printf '%s\\n' "$ntp" | hex
if ! printf '%s\\n' "$timesync" "$chrony" "$ntp" | grep -q -e '^/run/' -e '^Leap status *: Normal' -e '^Leap status *: [ID]' -e '^synchronised'; then
  echo '- timedatectl'; limited 3 timedatectl status 2>/dev/null </dev/null | hex
fi`;

export function clockIn(sections: readonly Section[]): HostClock | undefined {
  const section = sections.find(({ kind }) => kind === 'clock');
  if (section === undefined) return undefined;
  const first = (name: string) => Number(section.fields.find((field) => field.name === name)?.words[0]) || 0;
  return {
    bootId: sections.find(({ kind }) => kind === 'boot')?.words[0] ?? '',
    uptimeSeconds: first('uptime'),
    wallSeconds: first('wall'),
    synchronised: synchronised(section),
  };
}

const ANSWERS: readonly { readonly tool: string; readonly yes: RegExp; readonly no: RegExp }[] = [
  { tool: 'timesyncd', yes: /^\/run\//, no: /(?!)/ },
  // `NTP synchronized` up to systemd 238, `System clock synchronized` after it.
  { tool: 'timedatectl', yes: /synchronized: yes/i, no: /synchronized: no/i },
  { tool: 'chronyc', yes: /Leap status\s*: (?!Not)/, no: /Leap status\s*: Not synchronised/ },
  { tool: 'ntpstat', yes: /^synchronised/, no: /^unsynchronised/ },
];

/** timedatectl asks the kernel, which not every daemon tells: one that says yes is believed. */
function synchronised(section: Section): HostClock['synchronised'] {
  const texts = ANSWERS.map(({ tool, ...means }) => ({ ...means, text: printable(bytesOf(section, tool) ?? EMPTY) }));
  if (texts.some(({ yes, text }) => yes.test(text))) return 'yes';
  return texts.some(({ no, text }) => no.test(text)) ? 'no' : 'unknown';
}

const EMPTY = new Uint8Array();
