import type { Action } from '../action.ts';
import { mesosCapture } from './capture.ts';
import { mesosCluster } from './cluster.ts';
import { mesosGdbImage } from './gdb-image.ts';
import { mesosRestartAgent } from './restart-agent.ts';
import { mesosRexray } from './rexray.ts';
import { mesosShutdownSockets } from './shutdown-sockets.ts';
import { mesosVerify } from './verify.ts';

export const MESOS_ACTIONS: readonly Action[] = [
  mesosCapture,
  mesosGdbImage,
  mesosShutdownSockets,
  mesosRestartAgent,
  mesosVerify,
  mesosCluster,
  mesosRexray,
];
