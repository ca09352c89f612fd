import { lines, type Script, sh } from '../../shell/script.ts';
import { ASK_AGENT } from './agent.ts';
import { askAgentHttp } from './agent-http.ts';
import { ASK_CLOCK } from './clock.ts';
import { ASK_CONTAINERS } from './containers.ts';
import { BEGINNING, END } from './host-shell.ts';
import { ASK_BELONGINGS } from './libraries.ts';
import { askLinks } from './links.ts';
import { ASK_PROCESSES } from './processes.ts';
import { askTables } from './tables.ts';

/** Asks for the agent: which unit is there, its process and since when. */
export function askAgent(port: number): Script {
  return lines([BEGINNING, ASK_AGENT, askTables(port), END]);
}

/**
 * Asks for the agent and for every process that an agent launched, and whatever `more` asks, in one round trip. The
 * tables of sockets are read after the descriptors, so that a socket that is in them was there all the time.
 */
export function askEverything(port: number, more: readonly Script[] = []): Script {
  return lines([
    BEGINNING,
    ASK_AGENT,
    ASK_PROCESSES,
    ASK_BELONGINGS,
    askTables(port),
    askLinks(port),
    ASK_CLOCK,
    ASK_CONTAINERS,
    askAgentHttp(port),
    ASK_TEXT,
    ...more,
    END,
  ]);
}

/** What people know, as the host's own tools print it, and the count that the old procedure took. */
const ASK_TEXT = sh`echo '= text'
echo '- version'; ( [ -r /opt/mesosphere/environment.export ] && . /opt/mesosphere/environment.export
  mesos-slave --version || mesos-agent --version ) 2>/dev/null </dev/null | hex
echo '- docker'; limited 5 docker ps 2>&1 </dev/null | hex
echo '- netstat'; { netstat -nap 2>/dev/null || ss -tnap 2>&1; } | hex
echo '- count'; ps -e -o args= 2>/dev/null | grep -c -E '[m]esos-exec|[m]esos-doc' | hex`;
