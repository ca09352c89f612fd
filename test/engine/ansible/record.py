#!/usr/bin/env python3
"""Records what Ansible does with the playbooks of written.yml and with generated ones, into cases.json.

Needs ansible-core 2.14; the tests need only cases.json. Run it here: ./record.py [NAME...]
"""
import json
import os
import random
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

import yaml

HERE = os.path.dirname(os.path.abspath(__file__))
HOSTS = ['h1', 'h2', 'h3', 'h4', 'h5']
INVENTORY = ''.join(f'{host} ansible_connection=local own={host}v\n' for host in HOSTS) + '[odd]\nh1\nh3\nh5\n[even]\nh2\nh4\n'


def failing(rng):
    """A command that fails on some hosts, or on none."""
    hosts = rng.sample(HOSTS, rng.choice([0, 0, 0, 0, 1, 1, 2]))
    return f"exit {{{{ 1 if inventory_hostname in {hosts} else 0 }}}}" if hosts else 'exit 0'


class Generator:
    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.count = 0
        self.limited = self.rng.random() < 0.4

    def some(self, chance):
        return self.rng.random() < chance

    def task(self, inside=False):
        self.count += 1
        task = {'name': f't{self.count}'}
        kind = self.rng.random()
        if kind < 0.6:
            task['raw'] = failing(self.rng)
        elif kind < 0.7:
            task['set_fact'] = {f'f{self.rng.randint(1, 2)}': self.rng.randint(1, 9)}
        elif kind < 0.8:
            task['debug'] = {'msg': "{{ f1 | default('none') }}"}
        elif kind < 0.9:
            task['raw'] = 'exit {{ item }}'
            task['loop'] = self.rng.choice([[0, 0], [0, 1], [], [0, 3, 0]])
            if self.some(0.3):
                task['when'] = self.rng.choice(['item == 0', "inventory_hostname in groups['odd']"])
        else:
            task['assert'] = {'that': self.rng.choice([['true'], ["inventory_hostname != 'h3'"], ['own is defined']])}
        if 'raw' in task:
            if self.some(0.2): task['changed_when'] = self.rng.choice([False, True, "inventory_hostname == 'h2'"])
            if self.some(0.15):
                task['register'] = 'r'
                task['failed_when'] = self.rng.choice([False, "inventory_hostname == 'h4'", 'r.rc | default(0) == 1'])
            if self.some(0.4): task['notify'] = self.rng.choice(['n1', 'n2', 'n3', ['n1', 'all of them'], ['n2', 'n3']])
        if self.some(0.2): task['ignore_errors'] = True
        if 'when' not in task and self.some(0.2):
            task['when'] = self.rng.choice(["inventory_hostname in groups['even']", 'false', "inventory_hostname != 'h1'", 'f1 is defined'])
        if not self.limited and self.some(0.07) and 'loop' not in task:
            task['run_once'] = True
        return task

    def items(self, depth, most):
        return [self.item(depth) for _ in range(self.rng.randint(1, most))]

    def item(self, depth):
        if depth < 3 and self.some(0.3):
            self.count += 1
            block = {'name': f'b{self.count}', 'block': self.items(depth + 1, 3)}
            if self.some(0.6): block['rescue'] = self.items(depth + 1, 2)
            if not self.limited and self.some(0.4): block['always'] = self.items(depth + 1, 2)
            if self.some(0.2): block['when'] = "inventory_hostname != 'h5'"
            if self.some(0.1): block['ignore_errors'] = True
            return block
        if depth == 0 and self.some(0.1): return {'meta': 'flush_handlers'}
        if depth == 0 and self.some(0.05): return {'meta': 'end_host', 'when': "inventory_hostname == 'h4'"}
        return self.task()

    def play(self, number):
        play = {'name': f'p{number}', 'hosts': self.rng.choice(['all', 'all', 'odd:even', 'all:!h5']), 'gather_facts': False}
        if self.some(0.5): play['serial'] = self.rng.choice([1, 2, 3, [1, 2], '40%', ['20%', '60%']])
        if self.limited:
            play.update(self.rng.choice([{'max_fail_percentage': 0}, {'max_fail_percentage': 30}, {'max_fail_percentage': 50}, {'any_errors_fatal': True}]))
        if self.some(0.2): play['order'] = self.rng.choice(['reverse_sorted', 'reverse_inventory', 'sorted'])
        if self.some(0.3): play['pre_tasks'] = self.items(0, 2)
        play['tasks'] = self.items(0, 5)
        if self.some(0.3): play['post_tasks'] = self.items(0, 2)
        play['handlers'] = [
            {'name': 'n1', 'raw': failing(self.rng)},
            {'name': 'n2', 'raw': 'exit 0', 'listen': 'all of them'},
            {'name': 'n3', 'raw': 'exit 0', 'listen': ['all of them']},
        ]
        return play

    def playbook(self):
        return yaml.safe_dump([self.play(number + 1) for number in range(self.rng.choice([1, 1, 2]))], sort_keys=False, width=200)


def record(name, playbook):
    with tempfile.TemporaryDirectory() as folder:
        for file, text in (('site.yml', playbook), ('hosts', INVENTORY)):
            with open(os.path.join(folder, file), 'w') as out:
                out.write(text)
        trace = os.path.join(folder, 'trace')
        open(trace, 'w').close()
        env = {**os.environ, 'ANSIBLE_CALLBACK_PLUGINS': HERE, 'ANSIBLE_CALLBACKS_ENABLED': 'trace', 'TRACE_FILE': trace,
               'ANSIBLE_HOME': folder, 'ANSIBLE_LOCALHOST_WARNING': 'false', 'ANSIBLE_RETRIES': '0', 'ANSIBLE_SSH_ARGS': ''}
        done = subprocess.run(['ansible-playbook', '-i', 'hosts', 'site.yml', '-f', '5', *(['--check'] if name.startswith('check mode, ') else [])], cwd=folder, env=env, capture_output=True, text=True)
        with open(trace) as lines:
            steps = [json.loads(line) for line in lines]
        if not steps and done.returncode not in (0,):
            print(f'{name}: {done.stdout[-800:]}{done.stderr[-800:]}', file=sys.stderr)
    hosts = {}
    for step in steps:
        hosts.setdefault(f"{step['play']} {step['host']}", []).append(f"{step['task']}: {step['status']}")
    registered = {f"{step['host']} {step['task']}": step['registered'] for step in steps if 'registered' in step}
    return {'name': name, 'exit': done.returncode, 'hosts': hosts, **({'registered': registered} if registered else {}), 'playbook': playbook}


def main():
    with open(os.path.join(HERE, 'written.yml')) as written:
        playbooks = dict(yaml.safe_load(written))
    playbooks.update({f'generated {seed}': Generator(seed).playbook() for seed in range(1, 81)})
    wanted = {name: text for name, text in playbooks.items() if len(sys.argv) < 2 or name in sys.argv[1:]}
    path = os.path.join(HERE, 'cases.json')
    known = {case['name']: case for case in json.load(open(path))} if os.path.exists(path) else {}
    with ThreadPoolExecutor(2) as pool:
        for case in pool.map(lambda item: record(*item), wanted.items()):
            known[case['name']] = case
    with open(path, 'w') as out:
        json.dump([known[name] for name in playbooks if name in known], out, indent=1)
        out.write('\n')


main()
