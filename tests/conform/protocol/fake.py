"""A decoder that divides scores by a temperature and does one thing wrong: `python fake.py NAME [FILE]`.

It is right until question 3, where most of them go wrong, once or always. FILE remembers that it has gone wrong.
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

NAME, FILE = sys.argv[1], Path(sys.argv[2] if len(sys.argv) > 2 else os.devnull)
CAN = {"levels": ["L0"], "operations": ["temperature"], "refuses": False}
held = []


def say(text):
    sys.stdout.write(text)
    sys.stdout.flush()


def tell(message):
    say(json.dumps(message) + "\n")


def first_time():
    """Tell whether nothing has gone wrong yet, and remember that something has."""
    if FILE.exists():
        return False
    FILE.write_text("once")
    return True


def ready():
    info, can = {"name": "fake", "version": "1", "dtype": "float64", "profile": "hf"}, dict(CAN)
    if NAME == "crash at start":
        sys.exit("no model file here")
    if NAME == "slow start":
        time.sleep(60)
    if NAME == "has a child":
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        FILE.write_text(str(child.pid))
    if NAME == "garbage at start":
        say("Loading the model ...\n")
    if NAME == "unknown capability":
        can["operation"] = ["temperature"]
    if NAME == "capability of another kind":
        can["levels"] = 3
    if NAME == "another protocol":
        return {"protocol": 2, "info": info}
    if NAME == "no name":
        info["name"] = ""
    if NAME == "another dtype":
        info["dtype"] = "float8"
    if NAME == "starts once" and not first_time():
        sys.exit("starts once")
    if NAME == "claims top_p":
        can["operations"].append("top_p")
    return {"protocol": 1, "info": info, "capabilities": can}


def right(given):
    if given["operation"] != "temperature":
        return {"scores": given["scores"]}
    divisor = given["arguments"]["temperature"]
    return {"scores": [score if score == "-inf" else score / divisor for score in given["scores"]]}


def answers(change):
    """Answer with a change to what is right."""
    return lambda name, answer: tell({"id": name, **change(answer)})


def scored(change):
    """Answer with every score changed."""
    return answers(lambda answer: {"scores": [one if one == "-inf" else change(one) for one in answer["scores"]]})


def says(text):
    """Print a text instead of an answer."""
    return lambda name, answer: say(text)


def dies(name, answer):
    sys.stderr.write("assertion failed: scores != NULL\n")
    sys.exit(3)


def half_a_line(name, answer):
    say('{"id": "' + name[:2])
    os._exit(0)


def segfault(name, answer):
    os.kill(os.getpid(), signal.SIGSEGV)


def segfault_once(name, answer):
    return segfault(name, answer) if first_time() else tell({"id": name, **answer})


def hangs(name, answer):
    time.sleep(60)


def closes(name, answer):
    os.close(1)
    time.sleep(60)


def floods(text):
    def flood(name, answer):
        while True:
            say(text)
    return flood


def no_text(name, answer):
    sys.stdout.buffer.write(b"\xff\xfe{}\n")
    sys.stdout.buffer.flush()


def twice(name, answer):
    say(2 * (json.dumps({"id": name, **answer}) + "\n"))


def twice_later(name, answer):
    tell({"id": name, **answer})
    time.sleep(0.05)
    tell({"id": name, **answer})


def same_name_twice(name, answer):
    say(f'{{"id": {json.dumps(name)}, "scores": [1.0], "scores": {json.dumps(answer["scores"])}}}\n')


def holds_back(name, answer):
    held.append((name, answer))


def grows(name, answer):
    held.append(b"\x01" * (1 << 28))
    time.sleep(60)


WRONG = {
    "garbage": says("temperature: 3 scores\n"), "nested": says("[" * 100_000 + "\n"), "bytes": no_text,
    "dies": dies, "half a line": half_a_line, "segfault": segfault, "segfault once": segfault_once, "hangs": hangs,
    "closes": closes, "floods a line": floods("x" * (1 << 20)), "floods lines": floods("y\n" * (1 << 16)),
    "other id": lambda name, answer: tell({"id": f"{name}-2", **answer}), "no id": lambda name, answer: tell(answer),
    "twice": twice, "twice, later": twice_later, "same name twice": same_name_twice, "out of order": holds_back,
    "memory": grows,
    "count": answers(lambda answer: {"scores": answer["scores"][:-1]}),
    "nan": scored(lambda score: float("nan")), "nan as text": scored(lambda score: "nan"),
    "null": scored(lambda score: None), "always wrong": scored(lambda score: 7.0),
    "nondeterministic": scored(lambda score: score + time.time() % 1),
    "one ulp": scored(lambda score: score * (1 + 2.0**-52)),
    "other level": answers(lambda answer: {"token": 1}),
    "extra member": answers(lambda answer: {**answer, "score": 1.0}),
    "failed": answers(lambda answer: {"failed": "IndexError: beyond the end"}),
}
"""What is done instead of an answer, by name."""


asked = 0
for line in sys.stdin:
    message = json.loads(line)
    if message["type"] == "start":
        tell(ready())
    elif message["type"] == "run":
        asked += 1
        name, answer = message["id"], right(message["input"])
        if held:
            tell({"id": name, **answer})
            name, answer = held.pop()
        if asked >= 3 and NAME in WRONG:
            WRONG[NAME](name, answer)
        else:
            tell({"id": name, **answer})
    elif message["type"] == "stop":
        if NAME == "stays":
            time.sleep(60)
        break
