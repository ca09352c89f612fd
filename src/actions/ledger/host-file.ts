import { type Script, sh } from '../../shell/script.ts';
import type { Asked, Decision, HostCommand, Probed, Result } from '../action.ts';
import { firstFailure } from '../outcomes.ts';
import { asNote, type Note } from './note.ts';

/** Root's own, and there after a reboot: any bastion sees here what another has noted. One line for each name. */
const FOLDER = '/var/lib/rollgate';
const FILE = `${FOLDER}/ledger`;

/** What the host says of itself, at a moment of the bastion's. */
export interface HostFile {
  readonly text: string;
  /** The kernel's id of this boot. */
  readonly boot?: string;
  readonly now: Date;
}

export async function readHostFile(host: Asked): Promise<Probed<HostFile>> {
  const answer = await host.ask(sh`cat /proc/sys/kernel/random/boot_id 2>/dev/null || echo
[ ! -e ${FILE} ] || cat ${FILE}`);
  if (!answer.ok) return answer;
  if (answer.code !== 0) return { ok: false, message: `${FILE} of the host cannot be read: ${answer.stderr.trim()}` };
  const end = answer.stdout.indexOf('\n');
  const boot = answer.stdout.slice(0, end);
  return {
    ok: true,
    facts: { text: answer.stdout.slice(end + 1), ...(boot === '' ? {} : { boot }), now: host.clock.now() },
  };
}

/** What the host's own file says under a name. */
export function noteIn({ text }: Pick<HostFile, 'text'>, name: string): Note | undefined {
  return text
    .split('\n')
    .map(noteOfLine)
    .findLast((note) => note?.name === name);
}

/** Writes a note to the host, and registers it for the ledger. */
export function keep(note: Note, registered: Omit<Result, 'changed' | 'ledger'>): Decision {
  return {
    kind: 'work',
    commands: [writing(note)],
    conclude: (done) =>
      firstFailure(done, `writing ${FILE} on the host`) ?? { ...registered, changed: true, ledger: { ...note } },
  };
}

/** Why a note did not get to the host. Somebody else may have noted something later meanwhile. */
export function missing(note: Note, after: HostFile): string | undefined {
  const found = noteIn(after, note.name);
  return found !== undefined && found.at >= note.at ? undefined : `${FILE} of the host does not say so`;
}

function noteOfLine(line: string): Note | undefined {
  try {
    return asNote(JSON.parse(line));
  } catch {
    return undefined;
  }
}

/** Whole or not at all, whatever crashes; one after the other where the host has flock. Other names keep their lines. */
function writing(note: Note): HostCommand {
  // A quote within a JSON text is escaped: nothing else on a line can look like this.
  const sameName = `"name":${JSON.stringify(note.name)}`;
  const script: Script = sh`umask 077
mkdir -p ${FOLDER} && cd ${FOLDER} || exit 1
new=ledger.$$
{
  ! command -v flock >/dev/null 2>&1 || flock 9
  { { [ ! -e ledger ] || grep -vF ${sameName} ledger || [ $? = 1 ]; } && printf '%s\\n' ${JSON.stringify(note)}; } >$new &&
    sync $new && mv -f $new ledger && sync . && exit 0
} 9>>ledger.lock
rm -f $new
exit 1`;
  return { kind: 'run', script };
}
