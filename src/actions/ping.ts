import * as z from 'zod';
import { shellText } from '../shell/script.ts';
import type { Action, Asked, Bastion, Decision, Probed } from './action.ts';
import { parameters, text } from './params.ts';

const params = parameters({
  data: text('What is given back in `ping`; "crash" fails, as in Ansible.').default('pong'),
  icmp: z
    .enum(['auto', 'required', 'never'])
    .describe(
      'Whether the bastion sends an ICMP echo first. `auto`: where it has a ping; `required`: a bastion without one fails.',
    )
    .default('auto'),
});

/** For the ICMP echo and the TCP connection, each. */
const PATIENCE_MS = 5000;

type Params = z.output<typeof params>;

interface Facts {
  readonly icmp: string;
  /** What did not answer, and what was said. */
  readonly problem?: string;
  /** The host did not answer at all: it counts as unreachable, not as failed. */
  readonly silent?: boolean;
}

/** The procedure's ping: ICMP, then the SSH port, then the host itself over its connection, in the order of the doubt. */
export const ping: Action<Params, Facts> = {
  kind: 'host',
  name: 'ping',
  summary: 'Tells whether a host answers: to ICMP, on its SSH port, and over its connection.',
  params,
  effect: () => 'reads',
  probe,
  decide,
};

async function probe(given: Params, host: Asked): Promise<Probed<Facts>> {
  const reached = await reach(given, host);
  if (reached.problem !== undefined) return { ok: true, facts: reached };
  const answer = await host.ask(shellText('echo pong'));
  if (!answer.ok) return answer;
  if (answer.code === 0 && /^pong$/m.test(answer.stdout)) return { ok: true, facts: reached };
  const said = `${answer.stderr}${answer.stdout}`.trim().slice(0, 300);
  const problem = `the host lets us in but does not run commands (exit ${answer.code}): ${said}`;
  return { ok: true, facts: { icmp: reached.icmp, problem, silent: false } };
}

/** From the bastion, as far as there is a way that leads straight to the host. */
async function reach(given: Params, host: Asked): Promise<Facts> {
  const { bastion } = host;
  const to = host.reach();
  if (to === undefined) return { icmp: 'not tried: no direct way from here' };
  const icmp = await byIcmp(given, to.address, bastion);
  if (icmp.problem !== undefined) return icmp;
  const tcp = await bastion.tcp(to.address, to.port, PATIENCE_MS);
  if (tcp.kind === 'open') return icmp;
  return { ...icmp, problem: `no connection to the SSH port, ${to.address}:${to.port}: ${tcp.why}`, silent: true };
}

async function byIcmp(given: Params, address: string, bastion: Bastion): Promise<Facts> {
  if (given.icmp === 'never') return { icmp: 'not tried: icmp: never' };
  const echo = await bastion.icmp(address, PATIENCE_MS);
  switch (echo.kind) {
    case 'alive':
      return { icmp: 'alive' };
    case 'silent':
      return { icmp: 'silent', problem: `no answer to ICMP from ${address}: ${echo.why}`, silent: true };
    case 'no-tool':
      if (given.icmp === 'auto') return { icmp: `not tried: ${echo.why}` };
      return { icmp: 'not tried', problem: `icmp: required, but the bastion has no ping to try: ${echo.why}` };
  }
}

function decide({ data }: Params, { icmp, problem, silent }: Facts): Decision {
  const failure = silent === true ? { unreachable: true } : { failed: true };
  if (problem !== undefined) return { kind: 'settled', result: { changed: false, ...failure, msg: problem, icmp } };
  if (data === 'crash') return { kind: 'settled', result: { changed: false, failed: true, msg: 'boom', icmp } };
  return { kind: 'settled', result: { changed: false, ping: data, icmp } };
}
