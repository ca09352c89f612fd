import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { CERTIFICATE, KEY } from './loopback-certificate.ts';

/** What a master of a test answers with at the moment; tests change it. */
export interface Master {
  metrics: Record<string, number>;
  status?: number;
  /** Where it sends those who ask who leads, or whoever asks for its metrics. */
  redirect?: string;
  redirectAll?: boolean;
  readonly asked: IncomingMessage[];
  readonly url: string;
}

export const HEALTHY = {
  elected: 1,
  uptime_secs: 1000,
  slaves_active: 594,
  slave_removals: 3,
  tasks_lost: 7,
  tasks_failed: 20,
  tasks_killed: 40,
  tasks_running: 2700,
};

/** A server on the loopback that answers as a master does. */
export async function startMaster(tls = false): Promise<Master & AsyncDisposable> {
  const master = { metrics: { ...HEALTHY }, asked: [] as IncomingMessage[], url: '' } as Master & { url: string };
  const answer: RequestListener = (request, response) => {
    master.asked.push(request);
    const moved = master.redirectAll === true || request.url === '/master/redirect';
    if (moved && master.redirect !== undefined) {
      response.writeHead(307, { Location: master.redirect }).end();
    } else if (moved) {
      response.writeHead(503).end('No leader elected');
    } else {
      const metrics = Object.entries(master.metrics).map(([name, value]) => [`master/${name}`, value]);
      response.writeHead(master.status ?? 200).end(JSON.stringify(Object.fromEntries(metrics)));
    }
  };
  const server = tls ? createSecureServer({ key: KEY, cert: CERTIFICATE }, answer) : createServer(answer);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  master.url = `${tls ? 'https' : 'http'}://127.0.0.1:${port}`;
  return Object.assign(master, {
    [Symbol.asyncDispose]: () => new Promise<void>((done) => void server.close(() => done())),
  });
}
