import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fingerprint, judge, keysFor, keyType, parseKnownHosts } from '../../src/connection/known-hosts.ts';

const A = 'AAAAC3NzaC1lZDI1NTE5AAAAIA3HYxarn9k8gumXAOYHWskvlqEEtJVxiVtf4vGZUkOK';
const B = 'AAAAC3NzaC1lZDI1NTE5AAAAIBg9x34XJpwjNWS+9SNf8jXFYPD56nsCSQg1lw6w9wfo';
const C = 'AAAAC3NzaC1lZDI1NTE5AAAAIACbdYE0SBvltIfz5FT6wv19UAVFo+a0n961Lk5MijUS';

const TEXT = `# comment
plain.example,10.0.0.5 ssh-ed25519 ${A}
*.wild.example,!bad.wild.example ssh-ed25519 ${A}
[odd.example]:2222 ssh-ed25519 ${A}
@revoked * ssh-ed25519 ${B}
@cert-authority *.ca.example ssh-ed25519 ${C}
UPPER.Example ssh-ed25519 ${A}
host?.q ssh-ed25519 ${A} comment here
not a line

|1|R8ZiLr9ZG9t0RcjK1AF59h58E1Y=|vxWLbtHeHY6sicQbUT+Zkh7phos= ssh-ed25519 ${A}
|1|cPUZ2QFT6BwIDlxhh1sqbxNsjn0=|QWJOZdSdxjMUbZlyeAH18gPKg8c= ssh-ed25519 ${B}
`;
const known = parseKnownHosts([{ file: 'known_hosts', text: TEXT }]);

describe('which lines name a host', () => {
  // What `ssh-keygen -F` finds in the same file (OpenSSH 9.2).
  it.each([
    ['plain.example', [2, 5]],
    ['10.0.0.5', [2, 5]],
    ['a.wild.example', [3, 5]],
    ['bad.wild.example', [5]],
    ['odd.example', [5]],
    ['[odd.example]:2222', [4, 5]],
    ['x.ca.example', [5, 6]],
    ['hashme.example', [5, 11]],
    ['[hashme.example]:2222', [5, 12]],
    ['[hashme.example]:22', [5]],
    ['upper.example', [5, 7]],
    ['host1.q', [5, 8]],
    ['host12.q', [5]],
    ['HOST1.Q', [5, 8]],
    ['nowhere', [5]],
  ])('%s', (name, lines) => {
    expect(
      keysFor(known, name)
        .map(({ line }) => line)
        .sort((a, b) => a - b),
    ).toEqual(lines);
  });
});

describe('what is said of a key', () => {
  it.each([
    ['plain.example', A, 'known'],
    ['plain.example', C, 'changed'],
    ['plain.example', B, 'revoked'],
    ['hashme.example', A, 'known'],
    ['nowhere', A, 'unknown'],
    ['[hashme.example]:2222', B, 'revoked'],
    ['x.ca.example', C, 'unknown'],
  ])('%s showing %s is %s', (name, key, kind) => {
    expect(judge(keysFor(known, name), Buffer.from(key, 'base64')).kind).toBe(kind);
  });

  it('names the authority that would vouch for a host', () => {
    expect(judge(keysFor(known, 'x.ca.example'), Buffer.from(C, 'base64'))).toMatchObject({ authority: { line: 6 } });
  });

  it('gives fingerprints as ssh-keygen -l prints them', () => {
    expect(fingerprint(Buffer.from(A, 'base64'))).toBe('SHA256:hKRPP8VtrOgBSSP8TN7eHEW8LtyAivpmuWcekTtZqk8');
    expect(keyType(Buffer.from(A, 'base64'))).toBe('ssh-ed25519');
  });

  it('never throws, and trusts nothing it cannot read', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const found = parseKnownHosts([{ file: 'f', text }]);
        expect(judge(keysFor(found, 'some.host'), Buffer.from(A, 'base64')).kind).toBe('unknown');
      }),
    );
  });
});
