import type { Action } from '../action.ts';
import { mesosCapture } from './capture.ts';
import { mesosCluster } from './cluster.ts';
import { mesosExecutorShutdown } from './executor-shutdown.ts';
import { mesosGdbImage } from './gdb-image.ts';
import { mesosPreflight } from './preflight.ts';
import { mesosBringHome, mesosRestartAgent } from './restart-agent.ts';
import { mesosRexray } from './rexray.ts';
import { mesosVerify } from './verify.ts';
import { mesosWaitForTasks } from './wait-for-tasks.ts';

export const MESOS_ACTIONS: readonly Action[] = [
  mesosCapture,
  mesosGdbImage,
  mesosExecutorShutdown,
  mesosBringHome,
  mesosRestartAgent,
  mesosPreflight,
  mesosVerify,
  mesosWaitForTasks,
  mesosCluster,
  mesosRexray,
];
