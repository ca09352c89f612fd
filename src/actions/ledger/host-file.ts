import { lines, type Script, sh } from '../../shell/script.ts';
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
export function keep(note: Note, { text }: HostFile, registered: Omit<Result, 'changed' | 'ledger'>): Decision {
  const others = text.split('\n').filter((line) => line !== '' && noteOfLine(line)?.name !== note.name);
  return {
    kind: 'work',
    commands: [writing([...others, JSON.stringify(note)].map((line) => `${line}\n`).join(''))],
    conclude: (done) =>
      firstFailure(done, `writing ${FILE} on the host`) ?? { ...registered, changed: true, ledger: { ...note } },
  };
}

/** Why a note did not get to the host. */
export function missing(note: Note, after: HostFile): string | undefined {
  const found = noteIn(after, note.name);
  return found?.at === note.at && found.run === note.run ? undefined : `${FILE} of the host does not say so`;
}

function noteOfLine(line: string): Note | undefined {
  try {
    return asNote(JSON.parse(line));
  } catch {
    return undefined;
  }
}

/** Whole or not at all, whatever crashes. */
function writing(text: string): HostCommand {
  const script: Script = lines([
    sh`umask 077`,
    sh`mkdir -p ${FOLDER} && cd ${FOLDER} || exit 1`,
    sh`printf %s ${text} >ledger.new && sync ledger.new && mv -f ledger.new ledger && sync . && exit 0`,
    sh`rm -f ledger.new; exit 1`,
  ]);
  return { kind: 'run', script };
}
