import * as z from 'zod';
import { planId } from '../plan/digest.ts';
import type { Plan } from '../plan/plan.ts';

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

export type Read =
  | { readonly ok: true; readonly plan: Plan; readonly made: Made }
  | { readonly ok: false; readonly reason: string };

/** A saved plan as it stands in its file: the plan itself, and beside it how it was made. */
export function savedPlan(plan: Plan, how: Made): string {
  return `${JSON.stringify({ ...plan, made: how }, undefined, 2)}\n`;
}

/** Reads a saved plan, if it still is what its id says. */
export function readSaved(text: string): Read {
  const value = parsed(text);
  if (typeof value !== 'object' || value === null || !('id' in value) || !('plays' in value))
    return no('it holds no plan; save one by rollgate plan … -o FILE.json');
  const { made: how, ...plan } = value as Plan & { readonly made?: unknown };
  if (plan.version !== 1)
    return no(`its plan has version ${String(plan.version)}, and this rollgate reads version 1: make the plan anew`);
  if (planId(plan) !== plan.id) return no('it is not the plan that its id says: it was changed after it was saved');
  const origin = made.safeParse(how);
  if (!origin.success) return no('it does not say who made the plan and when; save it by rollgate plan … -o FILE.json');
  return { ok: true, plan, made: origin.data };
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
