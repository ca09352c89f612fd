import { describe, expect, it } from 'vitest';
import { captureGrounds } from '../../src/actions/mesos/capture-grounds.ts';
import type { ValueMap } from '../../src/source/value.ts';

const executor = (more: ValueMap = {}): ValueMap => ({
  pid: 70,
  start: 900,
  id: 'web',
  age_seconds: 5,
  links: [{ inode: 1, fd: 6, idle_seconds: 3 }],
  tasks: [{ id: 't', name: 'shop', state: 'TASK_RUNNING' }],
  container: { id: 'c0ffee', started_at: '2026-11-01T00:00:00Z' },
  ...more,
});

/** As a capture registers it. */
const seen = ({
  agent = {},
  http = {},
  clock = {},
  executors = [executor()],
}: Readonly<Record<string, unknown>> = {}) =>
  ({
    changed: false,
    clock: { boot_id: 'b1', uptime_seconds: 10, ...(clock as ValueMap) },
    agent: { unit: 'u.service', instance: 'b1/7/100', version: 'mesos 1.0.3', id: 'S1', ...(agent as ValueMap) },
    http: { told: 'answered', version: '1.0.3', ...(http as ValueMap) },
    executors,
  }) as ValueMap;

const drift = (now: ValueMap, then = seen()) => captureGrounds.compare(captureGrounds.of(then), captureGrounds.of(now));

describe('what an approval rests on, of a capture', () => {
  it.each<[string, ValueMap]>([
    ['nothing has changed', seen()],
    ['time goes on', seen({ clock: { uptime_seconds: 99_999 }, executors: [executor({ age_seconds: 9, links: [] })] })],
    ['a task of an executor ends', seen({ executors: [executor({ tasks: [] })] })],
    ['Docker is silent', seen({ executors: [{ pid: 70, start: 900, id: 'web' }] })],
    ['the agent does not answer', seen({ http: { version: undefined } })],
  ])('is the same where %s', (_, now) => {
    expect(drift(now)).toEqual({ against: [], news: [] });
  });

  it.each<[string, ValueMap, readonly string[]]>([
    ['the host has booted', seen({ clock: { boot_id: 'b2' } }), ['the boot id was b1, and is b2']],
    [
      'another agent is installed',
      seen({ agent: { version: 'mesos 1.4.0' } }),
      ["the agent's version on disk was mesos 1.0.3, and is mesos 1.4.0"],
    ],
    ['another one runs', seen({ http: { version: '1.4.0' } }), ["the running agent's version was 1.0.3, and is 1.4.0"]],
    ['it is not registered', seen({ agent: { id: undefined } }), ["the agent's id was S1, and is not known"]],
    [
      'it does not run',
      seen({ agent: { instance: '' } }),
      ["the agent's start (boot/pid/ticks) was b1/7/100, and is not known"],
    ],
    [
      'it has become public',
      seen({ agent: { unit: 'p.service' } }),
      ["the agent's unit was u.service, and is p.service"],
    ],
    [
      'an executor is gone',
      seen({ executors: [] }),
      ['executor "web" with "shop" was pid 70 (began at tick 900), and is gone'],
    ],
    [
      'its pid is another process',
      seen({ executors: [executor({ start: 950 })] }),
      ['executor "web" with "shop" was pid 70 (began at tick 900), and is pid 70 (began at tick 950)'],
    ],
    [
      'its container was started anew',
      seen({ executors: [executor({ container: { id: 'c0ffee', started_at: '2026-11-02T00:00:00Z' } })] }),
      [
        'the container of executor "web" was c0ffee, started at 2026-11-01T00:00:00Z, and is c0ffee, started at 2026-11-02T00:00:00Z',
      ],
    ],
  ])('is another where %s, with both values', (_, now, against) => {
    expect(drift(now)).toEqual({ against, news: [] });
  });

  it('only tells of an executor that has come', () => {
    const now = seen({ executors: [executor(), executor({ pid: 80, id: 'new' })] });
    expect(drift(now)).toEqual({ against: [], news: ['executor "new" (pid 80) with "shop"'] });
  });

  it('holds nobody to what was not known then', () => {
    expect(
      drift(seen(), seen({ agent: { id: undefined, version: '' }, http: { version: undefined } })).against,
    ).toEqual([]);
  });
});
