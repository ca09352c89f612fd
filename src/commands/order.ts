import { judgeOrder, type OrderRequest } from '../engine/judge-order.ts';
import type { Order } from '../journal/event.ts';
import { openJournal } from '../journal/journal.ts';
import { actorText, orderText } from '../journal/orders.ts';
import { replay } from '../journal/progress.ts';
import { findRun, type RunFolder } from '../journal/run-folder.ts';
import { stamp } from '../journal/stamp.ts';
import { Holds } from '../ledger/holds.ts';
import { actorHere } from './actor.ts';
import { type Answer, sendOrder } from './control-socket.ts';
import { stateDirOf } from './execute.ts';
import { DONE, MISTAKE } from './exit-codes.ts';
import { holdRun } from './holding.ts';
import { readRun } from './read-run.ts';
import { realClock } from './real-clock.ts';
import type { Terminal } from './terminal.ts';

export interface OrderOptions {
  readonly reason: string;
  readonly stateDir?: string;
}

/** Gives an order to a run: to its process, or into the journal of one that has stopped. */
export async function order(
  asked: Pick<OrderRequest, 'verb' | 'host' | 'task'>,
  id: string | undefined,
  options: OrderOptions,
  terminal: Terminal,
): Promise<number> {
  const found = await findRun(stateDirOf(options, terminal), id);
  const by = actorHere(terminal.env);
  const request: OrderRequest = { ...asked, reason: options.reason, by };
  const answer = found.ok ? await give(request, found.folder) : found;
  if (!answer.ok) {
    terminal.err(`${answer.reason}\n`);
    return MISTAKE;
  }
  terminal.out(`${answer.said}, ${actorText(by)}: ${options.reason}\n`);
  return DONE;
}

type Said = { readonly ok: true; readonly said: string } | Exclude<Answer, { ok: true }>;

async function give(request: OrderRequest, folder: RunFolder): Promise<Said> {
  const holds = new Holds();
  try {
    const holder = holdRun(holds, folder, realClock.now());
    if (holder === undefined) return await write(request, folder);
    const answer = await sendOrder(folder, request);
    if (answer === undefined)
      return {
        ok: false,
        reason: `${holder}, and takes no orders: it is just beginning or ending, or waits for an answer; try again`,
      };
    return answer.ok ? { ok: true, said: `run ${folder.id}: done as asked` } : answer;
  } finally {
    holds.release();
  }
}

/** The run has stopped, and is held meanwhile: what is judged is what the order is written after. */
async function write(request: OrderRequest, folder: RunFolder): Promise<Said> {
  const read = readRun(folder);
  if (!read.ok) return read;
  const judged = judgeOrder(request, read.plan, replay(read.past), false);
  if (!judged.ok) return judged;
  await append(judged.order, folder);
  return { ok: true, said: `run ${folder.id}, which has stopped: ${orderText(judged.order)} when it is resumed` };
}

async function append(given: Order, folder: RunFolder): Promise<void> {
  const journal = await openJournal(folder.journalFile);
  try {
    await journal.append(stamp(given, realClock.now()));
  } finally {
    await journal.close();
  }
}
