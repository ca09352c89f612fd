import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { act } from '../actions/machine.ts';
import { dockerMissing } from './docker.ts';

const docker = (...args: readonly string[]) => execFileSync('docker', args, { encoding: 'utf8' }).trim();

describe.skipIf(dockerMissing())('mesos_gdb_image and a real Docker', () => {
  let folder: string;
  let archive: string;
  let image: string;

  /** An image that nobody else has, in an archive and not in Docker. */
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'rollgate-bring-'));
    archive = join(folder, 'image.tar');
    writeFileSync(join(folder, 'file'), randomUUID());
    execFileSync('tar', ['-C', folder, '-cf', join(folder, 'root.tar'), 'file']);
    image = docker('import', join(folder, 'root.tar'));
    docker('save', '-o', archive, image);
    docker('rmi', image);
  });

  afterEach(() => {
    if (isThere()) docker('rmi', image);
    rmSync(folder, { recursive: true, force: true });
  });

  const isThere = () => docker('images', '-q', '-a', '--no-trunc').split('\n').includes(image);
  const bring = (more: object = {}) =>
    act('mesos_gdb_image', { image, archive, dest: join(folder, 'dest/image.tar'), ...more }, { folder });

  it.each(['plain', 'compressed'])('loads a %s archive, and finds it loaded', async (kind) => {
    if (kind === 'compressed') {
      archive = `${archive}.gz`;
      writeFileSync(archive, gzipSync(readFileSync(join(folder, 'image.tar'))));
    }
    expect(await bring()).toMatchObject({ changed: true, image });
    expect(isThere()).toBe(true);
    expect(await bring()).toEqual({ changed: false, image });
  });

  it('does not load an archive of another image', async () => {
    const wanted = `sha256:${'0'.repeat(64)}`;
    const { failed, msg } = await bring({ image: wanted });
    expect(failed).toBe(true);
    expect(msg).toContain(`the archive holds ${image}, not ${wanted}`);
    expect(isThere()).toBe(false);
  });

  it('says what Docker says of an archive that was cut short', async () => {
    truncateSync(archive, 3000);
    const { failed, msg } = await bring();
    expect(failed).toBe(true);
    expect(msg).toMatch(/^loading .*image\.tar: /);
    expect(isThere()).toBe(false);
    expect(existsSync(join(folder, 'dest/image.tar'))).toBe(true);
  });
});
