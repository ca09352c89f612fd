import type { Approved } from '../engine/as-approved.ts';
import { foldHosts } from '../inventory/fold.ts';
import { lineDiff } from '../report/line-diff.ts';
import { type Block, code, facts, list, paragraph, plural, type Section } from './document.ts';

/** Stands in commands where a run names itself, and who runs it where. */
export const RUN = 'RUN of OPERATOR on BASTION';

/** What the hosts said when they were asked, without anything being done. */
export interface Observed {
  /** ISO 8601, UTC: when the first and the last host was asked. */
  readonly from: string;
  readonly until: string;
  /** Hosts of which everything is the same together, outliers first. */
  readonly groups: readonly ObservedGroup[];
  /** What a run of the plan must find again. */
  readonly approved: Approved;
}

export interface ObservedGroup extends ObservedHost {
  readonly hosts: readonly string[];
}

export interface ObservedHost {
  /** What it comes to, in a word. */
  readonly standing: string;
  /** Tasks that end at any restart of their agent, by name. */
  readonly willDie: readonly string[];
  readonly findings: readonly Finding[];
}

/** A step: what would become of it as the host is now. */
export interface Finding {
  readonly task: string;
  readonly taskId: string;
  readonly outcome: string;
  readonly why: string;
  readonly commands: readonly string[];
  /** Something before it would change the host: the run asks again when its turn comes. */
  readonly askedAgain: boolean;
}

export function observedSection(observed: Observed | undefined): readonly Section[] {
  if (observed === undefined) return [];
  const asked = `Asked from ${observed.from} to ${observed.until}; nothing was done on any host. Each step was asked of the host as it is now. Commands stand here as they will be sent; where they name a run, as “${RUN}”, the run will name itself.`;
  const shown = new Shown();
  return [
    {
      title: 'What the hosts said',
      blocks: [paragraph(asked), countsOf(observed)],
      parts: observed.groups.map((group) => groupPart(group, shown)),
    },
  ];
}

function countsOf({ groups }: Observed): Block {
  const counts = new Map<string, number>();
  for (const { standing, hosts } of groups) counts.set(standing, (counts.get(standing) ?? 0) + hosts.length);
  return facts(...[...counts].map(([standing, hosts]) => [standing, plural(hosts, 'host')] as const));
}

function groupPart(group: ObservedGroup, shown: Shown): Section {
  const { hosts, standing, willDie, findings } = group;
  const names = foldHosts(hosts);
  const open = findings.filter(({ askedAgain }) => askedAgain);
  const settled = findings.filter(({ askedAgain }) => !askedAgain);
  const blocksOf = (some: readonly Finding[]) => some.flatMap((finding) => findingBlocks(finding, names, shown));
  const dying: readonly Block[] =
    willDie.length === 0
      ? []
      : [
          { kind: 'warning', text: 'Tasks that will die, since their frameworks do not checkpoint:' },
          ...list(willDie.map(code)),
        ];
  return {
    title: `${names} (${plural(hosts.length, 'host')}): ${standing}`,
    blocks: [...dying, ...blocksOf(settled), ...(open.length === 0 ? [] : [AGAIN]), ...blocksOf(open)],
  };
}

const AGAIN = paragraph(
  'From here on the host is asked again when it is the step’s turn, for what comes before will have changed it. As it is now:',
);

function findingBlocks(
  { task, taskId, outcome, why, commands }: Finding,
  hosts: string,
  shown: Shown,
): readonly Block[] {
  const said = why === '' ? outcome : `${outcome}: ${why}`;
  return [
    ...list([`${task}: ${said}`]),
    ...commands.flatMap((text, index) => shown.blocksOf(text, `${taskId} ${index}`, hosts)),
  ];
}

/** Longer commands stand in full once; of other hosts only what differs in them is told. Lines. */
const LONG = 12;

class Shown {
  readonly #first = new Map<string, { readonly text: string; readonly hosts: string }>();

  blocksOf(text: string, key: string, hosts: string): readonly Block[] {
    const first = this.#first.get(key);
    if (first === undefined) this.#first.set(key, { text, hosts });
    if (first === undefined || text.split('\n').length <= LONG) return [{ kind: 'code', text }];
    const differing = lineDiff(first.text, text).filter((line) => !line.startsWith(' '));
    if (differing.length === 0) return [paragraph(`The same command as on ${first.hosts}.`)];
    return [paragraph(`The same command as on ${first.hosts}, but for:`), { kind: 'code', text: differing.join('\n') }];
  }
}
