# Ansible's side of record.py: writes each host's result of each task as a line of JSON.
import json
import os
from ansible.plugins.callback import CallbackBase
from ansible.parsing.ajson import AnsibleJSONEncoder

DOCUMENTATION = '''
name: trace
type: aggregate
short_description: one line of JSON for each result
'''


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = 'aggregate'
    CALLBACK_NAME = 'trace'

    def __init__(self):
        super().__init__()
        self.play = 0

    def v2_playbook_on_play_start(self, play):
        if play.name != getattr(self, 'last', None):
            self.play += 1
        self.last = play.name

    def trace(self, result, status):
        if result._task.action in ('meta', 'ansible.builtin.meta'):
            return
        told = {'play': self.play, 'host': result._host.get_name(), 'task': result.task_name, 'status': status}
        msg = result._result.get('msg')
        if result._task.action == 'debug' and isinstance(msg, dict):
            told['registered'] = msg
        with open(os.environ['TRACE_FILE'], 'a') as out:
            out.write(json.dumps(told, cls=AnsibleJSONEncoder) + '\n')

    def v2_runner_on_ok(self, result):
        self.trace(result, 'changed' if result._result.get('changed') else 'ok')

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self.trace(result, 'failed, ignored' if ignore_errors else 'failed')

    def v2_runner_on_unreachable(self, result):
        self.trace(result, 'unreachable')

    def v2_runner_on_skipped(self, result):
        self.trace(result, 'skipped')
