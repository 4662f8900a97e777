"""The protos as text and as facts, with protoc alone; buf's stricter checks are in proto_test.py.

A fact is something that a client compiled against: a message, a field's number with its name and type, an enum's value, a method with
its request and answer, a reserved number. A change is compatible when every old fact still holds.
"""
import os
import pathlib
import shutil
import subprocess
import tempfile

from tree import ROOT

PROTO = ROOT / "proto"
FROZEN = PROTO / "frozen.txtpb"
HEADING = "# Every message and method that clients may have compiled against. Made by `make freeze`; buf and protoc compare with it.\n"


def descriptor_text(folder=PROTO):
    """A FileDescriptorSet of our protos and what they import, as text."""
    protos = sorted(str(p.relative_to(folder)) for p in (folder / "tuneward").rglob("*.proto"))
    system = pathlib.Path(shutil.which("protoc")).resolve().parent.parent / "include"
    with tempfile.TemporaryDirectory() as temp:
        image = os.path.join(temp, "image")
        subprocess.run(["protoc", "-I", folder, "-I", folder / "third_party", "--include_imports", f"--descriptor_set_out={image}", *protos],
                       check=True, cwd=folder)
        with open(image, "rb") as binary:
            decoded = subprocess.run(["protoc", "-I", system, "--decode=google.protobuf.FileDescriptorSet", "google/protobuf/descriptor.proto"],
                                     stdin=binary, capture_output=True, check=True)
    return HEADING + decoded.stdout.decode()


def parse(text):
    """Text format with one field a line -> nested {name: [values]}."""
    root = {}
    stack = [root]
    for line in text.splitlines():
        line = line.strip()
        if line.endswith("{"):
            child = {}
            stack[-1].setdefault(line[:-1].strip(), []).append(child)
            stack.append(child)
        elif line == "}":
            stack.pop()
        elif line and not line.startswith("#"):
            key, _, value = line.partition(": ")
            stack[-1].setdefault(key, []).append(value.strip('"'))
    return root


def one(node, key):
    return node.get(key, [""])[0]


def facts(text):
    """what -> how, over all files."""
    found = {}
    for file in parse(text).get("file", []):
        where, package = one(file, "name"), "." + one(file, "package")
        for message in file.get("message_type", []):
            _message(found, message, package, where)
        for enum in file.get("enum_type", []):
            _enum(found, enum, package, where)
        for service in file.get("service", []):
            name = f"{package}.{one(service, 'name')}"
            found[f"service {name}"] = where
            for method in service.get("method", []):
                kinds = [one(method, k) for k in ("input_type", "output_type", "client_streaming", "server_streaming")]
                found[f"method {name}/{one(method, 'name')}"] = " ".join(kinds)
    return found


def _message(found, message, scope, where):
    name = f"{scope}.{one(message, 'name')}"
    found[f"message {name}"] = where
    oneofs = [one(o, "name") for o in message.get("oneof_decl", [])]
    for field in message.get("field", []):
        index = one(field, "oneof_index")
        kinds = [one(field, k) for k in ("name", "label", "type", "type_name", "proto3_optional")] + [oneofs[int(index)] if index else ""]
        found[f"field {name} {one(field, 'number')}"] = " ".join(k for k in kinds if k)
    for gap in message.get("reserved_range", []):
        for number in range(int(one(gap, "start")), int(one(gap, "end"))):
            found[f"field {name} {number}"] = "reserved"
    for nested in message.get("nested_type", []):
        _message(found, nested, name, where)
    for enum in message.get("enum_type", []):
        _enum(found, enum, name, where)


def _enum(found, enum, scope, where):
    name = f"{scope}.{one(enum, 'name')}"
    found[f"enum {name}"] = where
    for value in enum.get("value", []):
        found[f"value {name} {one(value, 'name')}"] = one(value, "number") or "0"


def breaks(old, new):
    """What of `old` does not hold in `new`: one line each."""
    before, after = facts(old), facts(new)
    return [f"{what}: was {how}, is {after.get(what, 'gone')}" for what, how in before.items() if after.get(what) != how]
