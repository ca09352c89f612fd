/** RexRay on a simulated host, and the containers that have a volume of it, by id. */
export interface Rexray {
  active: boolean;
  enabled: boolean;
  readonly volumes: Map<string, string>;
}

export function rexrayOf(volumes: readonly string[]): Rexray {
  const containers = volumes.map((volume, index) => [`${index}`.padStart(64, 'd'), volume] as const);
  return { active: true, enabled: true, volumes: new Map(containers) };
}
