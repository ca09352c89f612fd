import type { SimulatedHost } from '../simulated/host.ts';
import type { TcpSocket } from '../simulated/process.ts';
import { command, type HostCommands } from './command.ts';

export const networkCommands: HostCommands = ({ state }) => [
  command('netstat', () => ({
    stdout: `Active Internet connections (servers and established)\n${rows(state, netstatRow)}`,
  })),
  command('ss', () => ({ stdout: rows(state, ssRow) })),
];

function rows(state: SimulatedHost, row: (socket: TcpSocket, comm: string) => string): string {
  return [...state.sockets.values()]
    .map((socket) => `${row(socket, socket.pid === undefined ? '' : (state.processes.get(socket.pid)?.comm ?? ''))}\n`)
    .join('');
}

/** The real one cuts names too: `13528/mesos-executo`. */
function netstatRow({ state, local, peer, pid }: TcpSocket, comm: string): string {
  const program = pid === undefined ? '-' : `${pid}/${comm}`.slice(0, 19);
  const far = peer.port === 0 ? `${peer.address}:*` : `${peer.address}:${peer.port}`;
  return `tcp        0      0 ${`${local.address}:${local.port}`.padEnd(23)} ${far.padEnd(23)} ${state.padEnd(11)} ${program.padEnd(20)}`;
}

function ssRow({ state, local, peer, pid }: TcpSocket, comm: string): string {
  const short = { ESTABLISHED: 'ESTAB', LISTEN: 'LISTEN', TIME_WAIT: 'TIME-WAIT' }[state];
  return `${short} 0      0      ${local.address}:${local.port}    ${peer.address}:${peer.port} users:(("${comm}",pid=${pid ?? 0},fd=6))`;
}
