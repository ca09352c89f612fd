import type { FleetHost } from './host.ts';

/** Shuts one socket of an executor from outside, as the procedure does by hand. */
export async function shutByHand(host: FleetHost, id: string, fd: number): Promise<void> {
  const { pid } = await host.executor(id);
  const said = await host.read(`gdb -nx -q -batch -p ${pid} -ex 'print (int)shutdown(${fd},0)' 2>&1`);
  if (!said.includes('$1 = 0')) throw new Error(`gdb did not shut socket ${fd} of ${id}:\n${said}`);
}

/** The descriptor of an executor's one link. */
export async function linkOf(host: FleetHost, id: string): Promise<number> {
  const { links } = await host.executor(id);
  if (links.length !== 1) throw new Error(`${id} has ${links.length} links`);
  return links[0]?.fd ?? -1;
}

export function dies(host: FleetHost, id: string): Promise<void> {
  return host.until(`${id} dies`, async () => !(await host.executor(id)).alive);
}
