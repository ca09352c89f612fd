import { sh } from '../../shell/script.ts';
import { bytesOf, linesOf, printable, type Section } from './sections.ts';

/** What a shutdown needs of the machine beside agent and executors. */
export interface Surroundings {
  /** Ids of the images that Docker has. */
  readonly images: readonly string[];
  readonly rooms: readonly Room[];
  /** The unit's conditions that were tried, each with ping's exit code. */
  readonly pings: readonly { readonly command: string; readonly code: number }[];
  /** What procedures left on this host: a window that is open says so. */
  readonly windows: readonly WindowState[];
}

export interface Room {
  readonly place: string;
  /** Absent: df did not say. */
  readonly freeKib?: number;
}

/** The state that a procedure keeps on its host: `NAME WORDS` lines. */
export interface WindowState {
  readonly file: string;
  readonly words: Readonly<Record<string, string>>;
}

/**
 * Of the unit's conditions only pings are tried: they do no harm. A folder that is not there yet lies on the file system
 * of the nearest one above it that is.
 */
export const ASK_SURROUNDINGS = sh`echo '= surroundings'
echo '- images'; limited 5 docker images -q -a --no-trunc 2>/dev/null </dev/null | hex
root=$(limited 5 docker info 2>/dev/null </dev/null | sed -n 's/^ *Docker Root Dir: //p' | head -n 1)
for place in /var/lib/rollgate /var/tmp "\${root:-/var/lib/docker}"; do
  there=$place
  until [ -e "\${there:=/}" ]; do there=\${there%/*}; done
  echo "- room $(df -Pk "$there" 2>/dev/null | awk 'NR == 2 { print $4 }')"; printf '%s' "$place" | hex
done
for unit in dcos-mesos-slave.service dcos-mesos-slave-public.service; do systemctl show -p ExecStartPre "$unit" 2>/dev/null; done |
  sed -n 's!^ExecStartPre={ path=[^ ;]*/ping6\\{0,1\\} ; argv\\[\\]=\\([-A-Za-z0-9 .:_/]*\\) ; ignore_errors=no .*!\\1!p' | sort -u |
  while read -r ping; do
    limited 10 $ping >/dev/null 2>&1 </dev/null
    echo "- ping $? $ping"
  done
for state in /var/lib/rollgate/*/state; do
  [ -r "$state" ] || continue
  echo '- window'; { printf '%s\\n' "$state"; head -c 4096 "$state"; } | hex
done`;

export function surroundingsIn(sections: readonly Section[]): Surroundings | undefined {
  const section = sections.find(({ kind }) => kind === 'surroundings');
  if (section === undefined) return undefined;
  const fields = (of: string) => section.fields.filter(({ name }) => name === of);
  return {
    images: linesOf(bytesOf(section, 'images')),
    rooms: fields('room').map(({ words, bytes }) => room(printable(bytes), words[0] ?? '')),
    pings: fields('ping').map(({ words: [code = '', ...command] }) => ({
      command: command.join(' '),
      code: Number(code),
    })),
    windows: fields('window').map(({ bytes }) => windowState(linesOf(bytes))),
  };
}

function room(place: string, free: string): Room {
  return /^\d+$/.test(free) ? { place, freeKib: Number(free) } : { place };
}

function windowState([file = '', ...lines]: readonly string[]): WindowState {
  const entries = lines.map((line) => [line.split(' ')[0] ?? '', line.slice(line.indexOf(' ') + 1)]);
  return { file, words: Object.fromEntries(entries) };
}
