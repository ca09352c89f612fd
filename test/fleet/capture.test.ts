import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Asked, Result } from '../../src/actions/action.ts';
import type { Found } from '../../src/actions/mesos/ask.ts';
import { capture } from '../../src/actions/mesos/ask.ts';
import { registered } from '../../src/actions/mesos/capture.ts';
import { mesosPreflight } from '../../src/actions/mesos/preflight.ts';
import { registeredCapture } from '../../src/actions/mesos/registered-capture.ts';
import { mesosVerify } from '../../src/actions/mesos/verify.ts';
import { render } from '../../src/shell/script.ts';
import { asked as here } from '../actions/machine.ts';
import { type Fleet, fleetMissing, startFleet } from './fleet.ts';
import type { FleetHost } from './host.ts';
import { BUILD_TIMEOUT_MS } from './image.ts';

const HOSTILE = 'a b "c" \'d\' $(touch /tmp/pwned) `x` ; {{ y }}\n\u001b[31mred';
const SHOWN = 'a b "c" \'d\' $(touch /tmp/pwned) `x` ; {{ y }}\\x0a\\x1b[31mred';

/** A probe's way to a host of the fleet, on this machine's own clock. */
function askedOn(host: FleetHost): Asked {
  const clock = {
    monotonic: () => performance.now(),
    now: () => new Date(),
    sleep: (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)),
  };
  const ask: Asked['ask'] = async (script) => {
    const { code, stdout, stderr } = await host.exec(render(script));
    return { ok: true, code, stdout: String(stdout), stderr: String(stderr) };
  };
  return { ...here({ folder: '/', clock }), ask };
}

async function look(host: FleetHost): Promise<Found> {
  const found = await capture(askedOn(host), 5051);
  if (!found.ok) throw new Error(found.message);
  return found.facts;
}

async function preflight(host: FleetHost): Promise<Result> {
  const probed = await mesosPreflight.probe({ port: 5051, clock: 'checked' }, askedOn(host));
  if (!probed.ok) throw new Error(probed.message);
  const decision = mesosPreflight.decide({ port: 5051, clock: 'checked' }, probed.facts);
  if (decision.kind !== 'settled') throw new Error('work');
  return decision.result;
}

const failed = ({ checks = [] }: Result) => checks.filter(({ passed }) => !passed).map(({ check }) => check);

describe.skipIf(fleetMissing())('capture, preflight and verification on real hosts', { timeout: 120_000 }, () => {
  let fleet: Fleet;

  beforeAll(async () => {
    fleet = await startFleet({
      hosts: [
        {
          name: 'a1',
          executors: [
            { id: HOSTILE, taskName: HOSTILE },
            { id: 'apart', ownNetwork: true },
            { id: 'http', kind: 'http' },
            { id: 'two', kind: 'two-sockets' },
            { id: 'dk', name: 'mesos-docker-executor' },
            { id: 'unsafe', checkpoint: false },
          ],
        },
        { name: 'inside', executors: [{ id: 'web', inUnit: true }] },
      ],
    });
  }, BUILD_TIMEOUT_MS);
  afterAll(() => fleet?.stop());

  it('sees an agent as systemd and its own process show it', async () => {
    const { agent, api } = await look(fleet.host('a1'));
    expect(agent).toMatchObject({ state: 'active', listening: true, latest: true, changedSettings: [] });
    expect(agent.service).toMatchObject({
      needDaemonReload: 'no',
      controlGroup: expect.stringMatching(/\/system\.slice\/dcos-mesos-slave\.service$/),
    });
    expect(api).toMatchObject({ told: 'answered', registered: true, id: agent.id });
  });

  it('sees executors of every kind', async () => {
    const { executors } = await look(fleet.host('a1'));
    const of = (id: string) => executors.find((executor) => executor.id === id);
    expect(of(SHOWN)).toMatchObject({
      standing: 'linked',
      libc: { state: 'on disk' },
      ownNetwork: false,
      tasks: [{ name: SHOWN, state: 'TASK_RUNNING' }],
    });
    expect(of('apart')).toMatchObject({ ownNetwork: true, standing: 'linked' });
    expect(of('http')?.http).toBe(true);
    expect(of('two')).toMatchObject({ http: false, standing: 'linked' });
    expect(of('two')?.links).toHaveLength(2);
    expect(of('dk')?.container?.id).toMatch(/^[0-9a-f]{64}$/);
    expect(of('unsafe')?.checkpoint).toBe(false);
  });

  it('lets a host in that is in good order, and refuses one whose executors systemd would kill', async () => {
    const good = await preflight(fleet.host('a1'));
    expect(failed(good).filter((check) => check !== 'clock')).toEqual([]);
    expect(good.will_die).toMatchObject([{ id: 'unsafe' }]);
    expect(failed(await preflight(fleet.host('inside')))).toContain('cgroups');
  });

  it('names who is back and who is gone after a restart', async () => {
    const host = fleet.host('a1');
    const before = registeredCapture.parse(JSON.parse(JSON.stringify(registered(await look(host)))));
    await host.restartAgent();
    const given = { before, port: 5051, wait: 60, watch: 0 };
    const probed = await mesosVerify.probe(given, askedOn(host));
    if (!probed.ok) throw new Error(probed.message);
    const decision = mesosVerify.decide(given, probed.facts);
    if (decision.kind !== 'settled') throw new Error('work');
    expect(decision.result).toMatchObject({ restarted: true, waiting: [], lost: [], not_read: [] });
    expect(decision.result.gone).toMatchObject([{ id: 'unsafe' }]);
    expect(decision.result.failed).toBeUndefined();
  });
});
