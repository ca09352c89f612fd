import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Fleet, fleetMissing, startFleet } from './fleet.ts';
import { buildGdbImage, type GdbImage } from './gdb-images.ts';
import { BUILD_TIMEOUT_MS } from './image.ts';
import { finished, Operator, registered, verdict } from './operator.ts';
import { type Registry, registryMissing, startRegistry } from './registry.ts';

const PLAYBOOK = `
- hosts: all
  become: true
  tasks:
    - name: The image with gdb is there
      mesos_gdb_image:
        image: "{{ gdb_image }}"
        registry: "{{ gdb_registry }}"
`;

describe.skipIf(fleetMissing() ?? registryMissing())('the image with gdb, from a registry', () => {
  let fleet: Fleet;
  let operator: Operator;
  let registry: Registry;
  let image: GdbImage;
  let name: string;
  let digest: string;

  beforeAll(async () => {
    fleet = await startFleet({ hosts: [{ name: 'puller' }] });
    image = buildGdbImage(fleet.folder);
    operator = new Operator(fleet, image);
    registry = await startRegistry();
    digest = registry.push(image.id, 'tools/gdb');
    const host = fleet.host('puller');
    const bastion = await host.read("ip route show default | awk '{ print $3 }'");
    name = `${bastion}:${registry.port}/tools/gdb`;
    const trusted = JSON.stringify({ 'insecure-registries': [`${bastion}:${registry.port}`] });
    await host.read('cat > /etc/docker/daemon.json; systemctl restart docker', trusted);
  }, BUILD_TIMEOUT_MS);

  afterAll(async () => {
    await registry?.stop();
    await operator?.close();
    await fleet?.stop();
  });

  async function pull(from: string, id = image.id) {
    const playbook = join(operator.folder, 'pull.yml');
    writeFileSync(playbook, PLAYBOOK);
    const given = JSON.stringify({ gdb_image: id, gdb_registry: from });
    const args = ['run', playbook, '-i', operator.inventory(), '-e', given, '--yes', '--format', 'json'];
    return finished(operator.call(args));
  }

  const isThere = async () => (await fleet.host('puller').read('docker images -aq --no-trunc')).includes(image.id);

  it('is not taken from a digest that the registry does not have', async () => {
    const wrong = `${name}@sha256:${'0'.repeat(64)}`;
    const run = await pull(wrong);
    expect(run.code).toBe(2);
    expect(verdict(run, 'puller').msg).toMatch(new RegExp(`^pulling ${wrong}: .*(manifest unknown|not found)`));
    expect(await isThere()).toBe(false);
  });

  it('is not taken where the digest is that of another image', async () => {
    const other = `sha256:${'1'.repeat(64)}`;
    const run = await pull(`${name}@${digest}`, other);
    expect(run.code).toBe(2);
    expect(verdict(run, 'puller').msg).toContain(`${name}@${digest} is ${image.id}, not ${other}`);
    await fleet.host('puller').read(`docker rmi ${image.id}`);
  });

  it('is pulled by its digest, and found to be there afterwards', async () => {
    const run = await pull(`${name}@${digest}`);
    expect(verdict(run, 'puller').msg).toBe('');
    expect(run.code).toBe(0);
    expect(registered(run, 'puller', 'The image with gdb is there')).toMatchObject({ changed: true, image: image.id });
    expect(await isThere()).toBe(true);
    const again = await pull(`${name}@${digest}`);
    expect(registered(again, 'puller', 'The image with gdb is there')).toMatchObject({ changed: false });
    await fleet.host('puller').read(`docker rmi ${image.id}`);
  });

  it('is not there where the registry does not answer, which is said', async () => {
    await registry.stop();
    const run = await pull(`${name}@${digest}`);
    expect(run.code).toBe(2);
    expect(verdict(run, 'puller').msg).toMatch(/^pulling .*: .*connection refused/);
    expect(await isThere()).toBe(false);
  });
});
