import { sh } from '../../shell/script.ts';
import type { Container, Executor } from './facts.ts';
import { bytesOf, linesOf, type Section } from './sections.ts';

/** Docker, as far as it answers. */
export interface Docker {
  readonly answers: boolean;
  /** By name. */
  readonly containers: ReadonlyMap<string, Container>;
}

export const ASK_CONTAINERS = sh`echo '= docker'
ids=$(limited 5 docker ps -q --no-trunc 2>/dev/null); echo "- code $?"
case $ids in ?*)
  told=$(limited 20 docker inspect --type container -f '{{.Id}} {{.State.StartedAt}} {{.Name}}' $ids 2>/dev/null); echo "- told $?"
  echo '- containers'; printf '%s\\n' "$told" | hex ;;
esac`;

export function dockerIn(sections: readonly Section[]): Docker | undefined {
  const section = sections.find(({ kind }) => kind === 'docker');
  if (section === undefined) return undefined;
  const rows = linesOf(bytesOf(section, 'containers')).map((line) => line.split(' '));
  const code = (name: string) => Number(section.fields.find((field) => field.name === name)?.words[0] ?? 0);
  return {
    // 1: one of them has ended since. More: it was ended itself, and its silence is no container's end.
    answers: code('code') === 0 && code('told') <= 1,
    containers: new Map(
      rows.map(([id = '', startedAt = '', name = '']) => [name.replace(/^\//, ''), { id, startedAt }]),
    ),
  };
}

/** The container that a docker executor watches bears the name that it was given; one that runs in a container knows its own. */
export function containerOf(executor: Executor, docker: Docker | undefined): Container | undefined {
  const option = executor.argv.find((word) => word.startsWith('--container='));
  return docker?.containers.get(option?.slice('--container='.length) ?? '');
}
