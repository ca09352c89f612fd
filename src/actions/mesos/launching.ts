import { AGENT_GET, LIMITED } from './host-functions.ts';

/** `launching`, for the script on the host: whether its agent ($port, and $hex as /proc has it) has a task on its way. */
export const LAUNCHING = `${LIMITED}
${AGENT_GET}

# Where a new task is on its way, its executor would not hear of it. What a status says first is no task's state.
launching() {
  agent_get "http://$(agent_address "$hex"):$port/state" 3 >agent.state
  status=$(tail -n 1 agent.state)
  tr -d ' \\n' <agent.state | grep -q -e '"queued_tasks":\\[{' -e ',"state":"TASK_STAGING"'
  found=$?
  rm -f agent.state
  case $status in
  200) return "$found" ;;
  none) tell 'unseen neither curl nor wget is there' ;;
  *) tell "unseen the agent answers with HTTP $status" ;;
  esac
  return 1
}`;
