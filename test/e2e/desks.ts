import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { type Sshd, type SshdOptions, startSshd } from '../sshd/sshd.ts';
import { Desk } from './desk.ts';

/** One sshd for the tests of a `describe`, and a desk for each of them: `sit` is given it. */
export function deskForEach(hosts: readonly string[], sit: (desk: Desk) => void, options?: SshdOptions): void {
  let sshd: Sshd | undefined;
  let desk: Desk | undefined;
  beforeAll(async () => {
    sshd = await startSshd(options);
  });
  afterAll(() => sshd?.stop());
  beforeEach(() => {
    if (sshd === undefined) throw new Error('there is no sshd');
    desk = new Desk(sshd, hosts);
    sit(desk);
  });
  afterEach(() => desk?.close());
}

/** One sshd and one desk for the tests of a `describe`: `sit` is given it. */
export function deskForAll(hosts: readonly string[], sit: (desk: Desk) => void): void {
  let sshd: Sshd | undefined;
  let desk: Desk | undefined;
  beforeAll(async () => {
    sshd = await startSshd();
    desk = new Desk(sshd, hosts);
    sit(desk);
  });
  afterAll(async () => {
    await desk?.close();
    await sshd?.stop();
  });
}
