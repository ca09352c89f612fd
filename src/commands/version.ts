import manifest from '../../package.json' with { type: 'json' };

/** The version in the package's own manifest, put in when rollgate is built. */
export function version(): string {
  return manifest.version;
}
