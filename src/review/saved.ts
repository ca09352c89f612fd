import * as z from 'zod';
import { canonicalJson, planId, sha256 } from '../plan/digest.ts';
import type { Plan } from '../plan/plan.ts';
import type { Observed } from './observed.ts';

const made = z.object({
  /** ISO 8601, UTC. */
  at: z.iso.datetime(),
  by: z.string(),
  /** The machine. */
  on: z.string(),
  /** Where rollgate was called: relative paths begin here. */
  folder: z.string(),
  rollgate: z.string(),
  ticket: z.string().optional(),
  /** What was given by `-i`, and the files given by `-e @file`. */
  sources: z.object({ inventory: z.array(z.string()), variables: z.array(z.string()) }),
  /** Files that tasks will read on this machine, and that were not there. */
  missing: z.array(z.string()),
  repositories: z.array(
    z.object({
      folder: z.string(),
      commit: z.string(),
      /** Of the plan's files, those that the commit holds as they are, and those that differ from it or are not in it. */
      committed: z.array(z.string()),
      differing: z.array(z.string()),
    }),
  ),
});

/** Who made a plan, when, where and from what. No part of the plan: its id is the same for everybody. */
export type Made = z.output<typeof made>;

/** What people approve: the plan, how it was made, and what its hosts said where they were asked. */
export interface Saved {
  readonly plan: Plan;
  readonly made: Made;
  readonly observed?: Observed;
}

export type Read = ({ readonly ok: true } & Saved) | { readonly ok: false; readonly reason: string };

/** The digest of what was observed for a plan: who approves the one approves the other. */
export function observedId(plan: Plan, observed: Observed): string {
  return `sha256:${sha256(canonicalJson({ plan: plan.id, observed }))}`;
}

/** A saved plan as it stands in its file: the plan itself, and beside it how it was made and what was observed. */
export function savedPlan({ plan, made, observed }: Saved): string {
  const seen = observed === undefined ? {} : { observed, observedId: observedId(plan, observed) };
  return `${JSON.stringify({ ...plan, made, ...seen }, undefined, 2)}\n`;
}

/** Reads a saved plan, if it still is what its id says. */
export function readSaved(text: string): Read {
  const value = parsed(text);
  if (typeof value !== 'object' || value === null || !('id' in value) || !('plays' in value))
    return no('it holds no plan; save one by rollgate plan … -o FILE.json');
  const { made: how, observed, observedId: id, ...plan } = value as Plan & Beside;
  if (plan.version !== 1)
    return no(
      `its plan has version ${JSON.stringify(plan.version)}, and this rollgate reads version 1: make the plan anew`,
    );
  if (planId(plan) !== plan.id) return no('it is not the plan that its id says: it was changed after it was saved');
  const origin = made.safeParse(how);
  if (!origin.success) return no('it does not say who made the plan and when; save it by rollgate plan … -o FILE.json');
  if (observed === undefined) return { ok: true, plan, made: origin.data };
  if (observedId(plan, observed) !== id) return no('what its hosts said was changed after it was saved');
  return { ok: true, plan, made: origin.data, observed };
}

/** What stands beside a plan in its file. */
interface Beside {
  readonly made?: unknown;
  readonly observed?: Observed;
  readonly observedId?: string;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function no(reason: string): Read {
  return { ok: false, reason };
}
