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

export const ASK_CLOCK = sh`echo '= clock'
echo "- uptime $(cat /proc/uptime)"
echo "- wall $(date +%s)"
echo '- timedatectl'; limited 3 timedatectl status 2>/dev/null </dev/null | hex
echo '- chronyc'; limited 3 chronyc -n tracking 2>/dev/null </dev/null | hex
echo '- ntpstat'; limited 3 ntpstat 2>/dev/null </dev/null | hex`;

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
