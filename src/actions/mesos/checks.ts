import { agentChecks } from './agent-checks.ts';
import type { Found } from './ask.ts';
import { executorChecks } from './executor-checks.ts';
import { hostChecks } from './host-checks.ts';
import type { Given, PreflightCheck } from './preflight-check.ts';

/** Whether a host may be touched: every check, with its figures, and where it fails with what to do. */
export function checksOf(found: Found, given: Given): readonly PreflightCheck[] {
  return [...agentChecks(found, given), ...hostChecks(found, given), ...executorChecks(found)];
}
