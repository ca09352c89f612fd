/** What the procedure on the host did, as its results say. */
export interface ProcedureResults {
  /** Nothing was touched, and why. */
  readonly refused?: string;
  readonly calls: readonly Call[];
  /** Why nobody can tell whether tasks were being launched just before. */
  readonly unseen?: string;
  /** Executors that were to be shut and were not, with the script's word for it. */
  readonly left: readonly { readonly pid: number; readonly why: string }[];
  /** Pids of executors that were gone after the last call. */
  readonly gone: readonly number[];
  readonly restart: 'done' | 'before' | 'not needed' | 'absent' | 'unknown';
  /** For how long the agent did not listen. */
  readonly downSeconds?: number;
  /** It was down for longer than it may be. */
  readonly isLate: boolean;
  /** The script died half way, and the agent was restarted by the guard or by the bastion. */
  readonly isHome: boolean;
  /** It had to be ended, since it did not stop. */
  readonly wasKilled: boolean;
}

/** One `shutdown()` on one socket. */
export interface Call {
  readonly pid: number;
  readonly fd: number;
  /** What it returned; `nothing`: gdb could not call it; `hung`: gdb did not come back. */
  readonly returned: string;
  /** Whether the socket was gone afterwards. */
  readonly isClosed: boolean;
  /** The last that gdb said. */
  readonly said: string;
}

/** Lines that begin with `= ` are the script's own words; a tool's output is marked with `| `. */
export function readResults(output: string): ProcedureResults {
  const words = output.split('\n').flatMap((line) => (line.startsWith('= ') ? [line.slice(2).split(' ')] : []));
  const of = (name: string) => words.filter(([first]) => first === name).map(([, ...rest]) => rest);
  const closed = new Set(of('after').flatMap(([pid, fd, how]) => (how === 'closed' ? [`${pid} ${fd}`] : [])));
  const said = readSaid(output);
  // A call that failed was tried once more: the last word counts.
  const calls = new Map(of('shut').map(([pid, fd, returned = '']) => [`${pid} ${fd}`, { pid, fd, returned }]));
  const refused = of('refused')[0]?.join(' ');
  const unseen = of('unseen')[0]?.join(' ');
  const down = of('down')[0]?.[0];
  return {
    ...(refused === undefined ? {} : { refused }),
    ...(unseen === undefined ? {} : { unseen }),
    calls: [...calls].map(([key, { pid, fd, returned }]) => ({
      pid: Number(pid),
      fd: Number(fd),
      returned,
      isClosed: closed.has(key),
      said: said.get(`gdb.${pid}.${fd}`) ?? '',
    })),
    left: of('left').map(([pid, ...why]) => ({ pid: Number(pid), why: why.join(' ') })),
    gone: of('executor').flatMap(([pid, how]) => (how === 'gone' ? [Number(pid)] : [])),
    restart: restartIn(of),
    ...(down === undefined ? {} : { downSeconds: Number(down) / 1000 }),
    isLate: of('alarm').length > 0,
    isHome: of('home').length > 0,
    wasKilled: of('killed').length > 0,
  };
}

function restartIn(of: (name: string) => readonly (readonly string[])[]): ProcedureResults['restart'] {
  if (of('down').length > 0) return 'done';
  if (of('restarted').length > 0) return 'before';
  if (of('unopened').length > 0) return 'not needed';
  return of('absent').length + of('stuck').length > 0 ? 'absent' : 'unknown';
}

function readSaid(output: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  let file = '';
  for (const line of output.split('\n')) {
    if (line.startsWith('= ')) file = line.startsWith('= said ') ? line.slice(7) : '';
    else if (file !== '' && /^\| [^[]/.test(line)) found.set(file, line.slice(2));
  }
  return found;
}
