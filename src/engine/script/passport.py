"""Tells which artifacts are to be made, and writes their passports: what `triptych engines` does, without Node.

passport.py preflight PLAN BANNER  exit 1 for broken weights, empty prompts, or a trtexec of another release
passport.py todo PLAN             ids of what is to be made, one a line
passport.py begin PLAN ID PID     take its lock and make room for it; exit 1 if somebody else's work stands there, 3 if
                                  it is up to date after all
passport.py seal PLAN ID SECONDS  write the passport of what has just been made
passport.py release PLAN ID       give its lock back
passport.py header FILE RELEASE   exit 1 unless a file is an engine of a TensorRT release
"""

import contextlib
import datetime
import hashlib
import json
import os
import re
import shutil
import socket
import struct
import subprocess
import sys
import time

PLAN_HEADER = 28
PLAN_TAG = b"ftrt"
DATATYPE = re.compile(r"\b(int8|int4|int32|int64|uint8|bool|fp8|fp4|half|fp16|bf16|bfloat16|float|fp32)\b", re.I)
SAME = {"half": "fp16", "float": "fp32", "bfloat16": "bf16"}
OWN = re.compile(r"\.(passport\.json|begun|log|lock|partial)$")


def canonical(value):
    """JSON with sorted keys and no blanks."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def text_sha256(text):
    """SHA-256 of a text."""
    return hashlib.sha256(text.encode()).hexdigest()


def file_sha256(path):
    """SHA-256 of a file."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for chunk in iter(lambda: file.read(1 << 20), b""):
            digest.update(chunk)
    return digest.hexdigest()


class Folder:
    """What lies on disk; digests are remembered beside it for as long as size, time and inode of a file stay."""

    def __init__(self, plan):
        self.roots = {
            "checkpoint": os.environ.get("CHECKPOINT", plan["checkpoint"]),
            "spec": os.environ.get("SPEC_FOLDER", plan["specFolder"]),
        }
        self.memory = os.path.join(self.roots["checkpoint"], ".digests.json")
        try:
            with open(self.memory, encoding="utf-8") as file:
                self.known = json.load(file)
        except (OSError, ValueError):
            self.known = {}

    def sha256(self, path):
        """SHA-256 of a file, read only if it has changed."""
        found = os.stat(path)
        now = {"bytes": found.st_size, "modified": str(found.st_mtime_ns), "inode": str(found.st_ino)}
        known = self.known.get(path, {})
        if {name: known.get(name) for name in now} != now:
            self.known[path] = {**now, "sha256": file_sha256(path)}
            with open(self.memory + ".partial", "w", encoding="utf-8") as file:
                file.write(json.dumps(self.known, separators=(",", ":"), ensure_ascii=False) + "\n")
            os.replace(self.memory + ".partial", self.memory)
        return self.known[path]["sha256"]

    def path(self, place):
        """Where something of the plan lies on this machine."""
        return os.path.join(self.roots[place.get("root", "checkpoint")], place["path"])

    def names(self, place):
        """The files that may stand under a path, each with its name there."""
        path = self.path(place)
        if place["form"] != "folder":
            return [(suffix, path + suffix) for suffix in (("", ".data") if place["form"] == "onnx" else ("",))]
        found = []
        for folder, _, files in os.walk(path):
            found += [os.path.relpath(os.path.join(folder, file), path).replace(os.sep, "/") for file in files]
        kept = [name for name in found if not OWN.search(name) and not any(p.startswith(".") for p in name.split("/"))]
        return [(name, os.path.join(path, name)) for name in sorted(kept)]

    def look(self, place):
        """Digest and files of what stands under a path, or nothing."""
        files = []
        for name, path in self.names(place):
            if os.path.isfile(path):
                files.append({"name": name, "bytes": os.path.getsize(path), "sha256": self.sha256(path)})
        if not files or (place["form"] != "folder" and files[0]["name"] != ""):
            return None
        rows = sorted([file["name"], file["sha256"]] for file in files)
        digest = text_sha256(json.dumps(rows, separators=(",", ":"), ensure_ascii=False))
        return {"digest": digest, "files": files, "bytes": sum(file["bytes"] for file in files)}


def read_passport(folder, artifact):
    """The passport of an artifact, or nothing."""
    try:
        with open(folder.path(artifact) + ".passport.json", encoding="utf-8") as file:
            passport = json.load(file)
        return passport if passport["version"] == 1 and "ancestors" in passport else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def part_id(maker, place):
    """Name under which a part of what an artifact makes is remembered."""
    return maker["id"] if place["path"] == maker["path"] else f"{maker['id']}:{place['path'][len(maker['path']) + 1 :]}"


def key_of(artifact, inputs):
    """The content key of an artifact with inputs that are all known."""
    digests = {role: known["digest"] for role, known in inputs.items()}
    return text_sha256(canonical({"version": 1, "step": artifact["step"], "inputs": digests}))


class Survey:
    """Every artifact of a plan with its state: to-build, current, or gone but not needed."""

    def __init__(self, plan):
        self.folder = Folder(plan)
        self.artifacts = {artifact["id"]: artifact for artifact in plan["artifacts"]}
        self.passports = {id: read_passport(self.folder, artifact) for id, artifact in self.artifacts.items()}
        self.remembered = {}
        for passport in self.passports.values():
            self.remembered.update(passport["ancestors"] if passport else {})
        self.states = {}
        for id, artifact in self.artifacts.items():
            self.states[id] = self.state(artifact)
        wanted = set()
        for id in reversed(list(self.artifacts)):
            if self.states[id] == "spared" and id in wanted:
                self.states[id] = "to-build"
            if self.states[id] == "to-build":
                wanted |= {place.get("from") for place in self.artifacts[id]["inputs"].values()}

    def input(self, place):
        """What an input holds now; nothing where that is not known."""
        maker = self.artifacts.get(place.get("from"))
        if maker is not None and self.states.get(maker["id"]) == "to-build":
            return None
        there = self.folder.look(place)
        if there is None and maker is not None:
            there = self.remembered.get(part_id(maker, place))
        return None if there is None else {"path": place["path"], "digest": there["digest"], "bytes": there["bytes"]}

    def state(self, artifact):
        """How an artifact is on disk."""
        inputs = {role: self.input(place) for role, place in artifact["inputs"].items()}
        if None in inputs.values():
            return "to-build"
        key = key_of(artifact, inputs)
        there = self.folder.look(artifact)
        if there is None:
            return "spared" if self.remembered.get(artifact["id"], {}).get("key") == key else "to-build"
        passport = self.passports[artifact["id"]]
        same = passport is not None and (passport["key"], passport["digest"]) == (key, there["digest"])
        return "current" if same else "to-build"


def header(path, release):
    """The TensorRT that wrote a plan, or an end with 1."""
    try:
        with open(path, "rb") as file:
            start = file.read(PLAN_HEADER + 1)
    except OSError as error:
        sys.exit(f"error: trtexec ended well, but {path} cannot be read: {error.strerror}")
    if len(start) <= PLAN_HEADER or start[:4] != PLAN_TAG:
        sys.exit(f"error: {path} is no TensorRT plan")
    built, asked = list(start[24:PLAN_HEADER]), [int(part) for part in release.split(".")]
    if built[: len(asked)] != asked:
        sys.exit(f"error: trtexec is of TensorRT {'.'.join(map(str, built))}, and the target has {release}")
    return ".".join(map(str, built))


def layers(path):
    """How many layers of an engine give which datatype."""
    try:
        with open(path, encoding="utf-8") as file:
            found = json.load(file)["Layers"]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    counts = {}
    for layer in found:
        outputs = layer.get("Outputs") if isinstance(layer, dict) else None
        first = outputs[0] if outputs else {}
        words = " ".join(str(first.get(key, "")) for key in ("Format/Datatype", "DataType", "Format"))
        match = DATATYPE.search(words)
        name = match.group(1).lower() if match else "not told"
        counts[SAME.get(name, name)] = counts.get(SAME.get(name, name), 0) + 1
    return {"layers": {"total": len(found), "byDatatype": counts}}


def gpu():
    """What the driver says of the first GPU."""
    query = ["nvidia-smi", "--query-gpu=name,compute_cap,memory.total,driver_version", "--format=csv,noheader,nounits"]
    try:
        said = subprocess.run(query, capture_output=True, text=True, timeout=20, check=True).stdout
        name, capability, memory, driver = [word.strip() for word in said.splitlines()[0].split(",")]
    except (OSError, subprocess.SubprocessError, ValueError, IndexError):
        return {}
    return {"gpu": {"name": name, "computeCapability": capability, "memoryMiB": int(memory), "driver": driver}}


def ancestors_of(survey, artifact, inputs):
    """Keys and digests of what an artifact was made from, and of what that was made from."""
    found = {}
    for role, place in artifact["inputs"].items():
        maker = survey.artifacts.get(place.get("from"))
        passport = survey.passports.get(place.get("from"))
        if maker is None or passport is None:
            continue
        fact = {"key": passport["key"], "step": text_sha256(canonical(maker["step"]))}
        found.update(passport["ancestors"])
        total = sum(file["bytes"] for file in passport["files"])
        found[maker["id"]] = {**fact, "digest": passport["digest"], "bytes": total}
        now = inputs[role]
        found[part_id(maker, place)] = {**fact, "digest": now["digest"], "bytes": now["bytes"]}
    return found


def here():
    """Name of the machine and of its process namespace."""
    try:
        return f"{socket.gethostname()} {os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return socket.gethostname()


def start_time(pid):
    """Clock ticks from boot to the start of a process; nothing for one that has ended."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            text = file.read()
        fields = text[text.rindex(")") + 2 :].split(" ")
        return None if fields[0] == "Z" else int(fields[19])
    except (OSError, ValueError):
        return None


def is_stale(lock):
    """True for a lock whose owner has ended; what nothing is known of counts as left behind after a minute."""
    try:
        with open(lock, encoding="utf-8") as file:
            owner = json.load(file)
        if owner["host"] == here():
            return start_time(owner["pid"]) != owner["startTime"]
    except FileNotFoundError:
        return False
    except (OSError, ValueError, KeyError, TypeError):
        pass
    try:
        return time.time() - os.path.getmtime(lock) > 60
    except OSError:
        return False


def take(lock, pid):
    """Wait for a lock that `triptych engines` takes as well."""
    text = json.dumps({"pid": pid, "startTime": start_time(pid), "host": here()})
    told = False
    while True:
        if is_stale(lock):
            os.unlink(lock)
        try:
            with open(lock, "x", encoding="utf-8") as file:
                file.write(text)
            return
        except FileExistsError:
            if not told:
                print("another run makes it; waiting", flush=True)
            told = True
            time.sleep(0.25)


def begin(plan, id, pid):
    """Take the lock, mark that what stands here may be replaced, and put a folder that was there before aside."""
    folder = Folder(plan)
    artifact = next(artifact for artifact in plan["artifacts"] if artifact["id"] == id)
    output = folder.path(artifact)
    os.makedirs(os.path.dirname(output), exist_ok=True)
    take(output + ".lock", pid)
    if Survey(plan).states[id] != "to-build":
        os.unlink(output + ".lock")
        sys.exit(3)
    if not os.path.exists(output + ".passport.json"):
        if os.path.exists(output) and not os.path.exists(output + ".begun"):
            os.unlink(output + ".lock")
            sys.exit(f"error: {output} was not made by triptych engines: move it away if it is to be made here")
        with open(output + ".begun", "w", encoding="utf-8"):
            pass
    if artifact["form"] == "folder" and os.path.isdir(output):
        shutil.rmtree(output + ".old", ignore_errors=True)
        os.rename(output, output + ".old")


def release(plan, id):
    """Give the lock of an artifact back."""
    artifact = next(artifact for artifact in plan["artifacts"] if artifact["id"] == id)
    with contextlib.suppress(FileNotFoundError):
        os.unlink(Folder(plan).path(artifact) + ".lock")


def broken_weights(path):
    """What is wrong with a safetensors file, by its header; nothing for a whole one."""
    try:
        with open(path, "rb") as file:
            length = struct.unpack("<Q", file.read(8))[0]
            entries = json.loads(file.read(min(length, 100_000_000)))
        ends = [entry["data_offsets"][1] for name, entry in entries.items() if name != "__metadata__"]
        return os.path.getsize(path) != 8 + length + max(ends, default=0)
    except (OSError, ValueError, KeyError, TypeError, struct.error):
        return True


def preflight(plan, banner):
    """Look at everything that would end a run after hours."""
    survey, problems = Survey(plan), []
    todo = [survey.artifacts[id] for id, state in survey.states.items() if state == "to-build"]
    sources = {
        survey.folder.path(place): role for one in todo for role, place in one["inputs"].items() if "from" not in place
    }
    for path, role in sources.items():
        weights = [os.path.join(path, name) for name in os.listdir(path)] if os.path.isdir(path) else []
        problems += [
            f"{file} is no whole safetensors file"
            for file in weights
            if file.endswith(".safetensors") and broken_weights(file)
        ]
        if role == "prompts":
            with open(path, encoding="utf-8") as file:
                if not any(line.strip() and not line.startswith("#") for line in file):
                    problems.append(f"{path} holds no prompt")
    asked = next((one["step"]["tensorrt"] for one in todo if one["step"].get("tool") == "trtexec"), None)
    said = re.search(r"TensorRT v(\d+)\](?: \[b(\d+)\])?", banner)
    if asked and said:
        number = int(said.group(1))
        built = [number // 10000, number // 100 % 100, number % 100, *([int(said.group(2))] if said.group(2) else [])]
        wanted = [int(part) for part in asked.split(".")]
        if any(ours != theirs for ours, theirs in zip(built, wanted, strict=False)):
            problems.append(f"trtexec is of TensorRT {'.'.join(map(str, built))}, and the target has {asked}")
    if problems:
        sys.exit("\n".join(f"error: {problem}" for problem in problems))


def versions(plan_file):
    """Versions of the tools' libraries, which the script has asked for."""
    try:
        with open(os.path.join(os.path.dirname(plan_file), "versions.json"), encoding="utf-8") as file:
            return json.load(file)
    except (OSError, ValueError):
        return {}


def seal(plan, id, seconds, tools):
    """Write the passport of what has just been made."""
    survey = Survey(plan)
    artifact = survey.artifacts[id]
    inputs = {role: survey.input(place) for role, place in artifact["inputs"].items()}
    there = survey.folder.look(artifact)
    output = survey.folder.path(artifact)
    if there is None or None in inputs.values():
        sys.exit(f"error: {id} ended well, but left no {output}")
    now = datetime.datetime.now(datetime.timezone.utc)
    passport = {
        "version": 1,
        "artifact": id,
        "key": key_of(artifact, inputs),
        "digest": there["digest"],
        "step": artifact["step"],
        "inputs": inputs,
        "files": there["files"],
        "ancestors": ancestors_of(survey, artifact, inputs),
        "command": artifact["command"],
        "made": {
            "at": now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "seconds": seconds,
            "tools": tools,
        },
    }
    if "text" in artifact["step"]:
        passport["made"]["tools"] = {}
    if artifact["step"].get("tool") == "trtexec":
        built = header(output, artifact["step"]["tensorrt"])
        passport["made"]["tools"] = {"trtexec": built}
        facts = {"tensorrt": built, "target": artifact["step"]["gpu"], "seconds": seconds, "warnings": []}
        passport["engine"] = {**facts, **gpu(), **layers(output + ".layers.json")}
    partial = output + ".passport.json.partial"
    with open(partial, "w", encoding="utf-8") as file:
        file.write(json.dumps(passport, indent=2, ensure_ascii=False) + "\n")
    os.replace(partial, output + ".passport.json")
    with contextlib.suppress(FileNotFoundError):
        os.unlink(output + ".begun")
    shutil.rmtree(output + ".old", ignore_errors=True)


def main():
    """Command line."""
    command, file, *rest = sys.argv[1:]
    if command == "header":
        header(file, rest[0])
        return
    with open(file, encoding="utf-8") as handle:
        plan = json.load(handle)
    if command == "seal":
        seal(plan, rest[0], float(rest[1]), versions(file))
    elif command == "begin":
        begin(plan, rest[0], int(rest[1]))
    elif command == "release":
        release(plan, rest[0])
    elif command == "preflight":
        preflight(plan, rest[0])
    else:
        print("\n".join(id for id, state in Survey(plan).states.items() if state == "to-build"))


main()
