#!/usr/bin/python3
"""Asks ansible-core what it makes of the inventories in questions/*.json and writes its answers beside them.

The tests read the answers alone and need no Ansible. Recorded with ansible-core 2.14.18:
    /usr/bin/python3 test/inventory/cases/record.py && npx biome format --write test/inventory/cases
"""
import json, os, sys, tempfile, warnings

os.environ["ANSIBLE_LOCALHOST_WARNING"] = "false"
warnings.simplefilter("ignore")
from ansible import context
from ansible.cli.inventory import InventoryCLI
from ansible.errors import AnsibleError
from ansible.inventory.manager import InventoryManager
from ansible.module_utils.common.collections import ImmutableDict
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.inventory.ini import InventoryModule
from ansible.utils.display import Display
from ansible.vars.manager import VariableManager

heard = []
Display.warning = lambda self, msg, formatted=False: heard.append(msg)
context.CLIARGS = ImmutableDict(export=False, yaml=False, toml=False, basedir="", pattern="all", show_vars=False)


def ask(case):
    heard.clear()
    with tempfile.TemporaryDirectory() as folder:
        for path, text in case["files"].items():
            full = os.path.join(folder, path)
            os.makedirs(os.path.dirname(full), exist_ok=True)
            with open(full, "w", newline="") as file:
                file.write(text)
        os.chdir(folder)
        sources = case.get("sources") or [next(iter(case["files"]))]
        loader = DataLoader()
        loader.set_basedir(os.path.join(folder, "nowhere"))
        try:
            inventory = InventoryManager(loader, sources=[s if "," in s else os.path.join(folder, s) for s in sources])
        except AnsibleError:
            return {**case, "sources": sources, "broken": True}
        broken = any("Unable to parse" in each for each in heard)
        cli = InventoryCLI(["ansible-inventory", "--list"])
        cli.loader, cli.inventory, cli.vm = loader, inventory, VariableManager(loader=loader, inventory=inventory)
        answer = {**case, "sources": sources}
        if broken:
            return {**answer, "broken": True}
        answer["list"] = json.loads(cli.dump(cli.json_inventory(cli._get_group("all"))))
        answer["graph"] = cli.inventory_graph()
        answer["order"] = [host.name for host in inventory.get_hosts("all")]
        answer["hosts"] = {pattern: select(inventory, pattern) for pattern in case.get("patterns", [])}
        answer.pop("patterns", None)
        return answer


def select(inventory, pattern):
    heard.clear()
    if inventory.localhost is not None and inventory.localhost.implicit:
        inventory._inventory.localhost = None
    inventory.clear_caches()
    try:
        names = [host.name for host in inventory.get_hosts(pattern)]
    except Exception as problem:
        return {"names": [], "says": str(problem)}
    return {"names": names, **({"says": heard[0]} if heard else {})}


def value(text):
    result = InventoryModule._parse_value(text)
    try:
        return json.loads(json.dumps(result, default=list, allow_nan=False))
    except (TypeError, ValueError):
        # JSON has no such value: rollgate keeps the text.
        return text


here = os.path.dirname(os.path.abspath(__file__))
for name in sorted(os.listdir(os.path.join(here, "questions"))):
    with open(os.path.join(here, "questions", name)) as file:
        questions = json.load(file)
    if name == "values.json":
        answers = [[text, value(text)] for text in questions]
    else:
        answers = [ask(case) for case in questions]
    with open(os.path.join(here, name), "w") as file:
        json.dump(answers, file, indent=1, ensure_ascii=False)
        file.write("\n")
    print(name, len(answers))
