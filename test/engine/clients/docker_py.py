#!/usr/bin/python3
"""What programs do with python3-docker: exec, attach, logs, archives, events. Prints what they see."""
import io
import socket
import tarfile
import threading

import docker

client = docker.from_env(timeout=30)
api = client.api
container = client.containers.run("alpine", "sleep 600", name="py", detach=True)
print("status", client.containers.get("py").status)

print("exec", container.exec_run("sh -c 'echo out; sleep 0.2; echo problem >&2; exit 3'", demux=True))
exec_id = api.exec_create("py", ["sh", "-c", "for i in 1 2 3; do echo $i; sleep 0.2; done"])["Id"]
print("exec stream", b"".join(api.exec_start(exec_id, stream=True)))
print("exec code", api.exec_inspect(exec_id)["ExitCode"])

exec_id = api.exec_create("py", "cat", stdin=True)["Id"]
raw = api.exec_start(exec_id, socket=True)._sock
raw.sendall(b"through and back\n")
raw.shutdown(socket.SHUT_WR)
answer = b""
while True:
    chunk = raw.recv(4096)
    if not chunk:
        break
    answer += chunk
raw.close()
print("exec stdin", answer)

api.create_container("alpine", "cat", name="in-py", stdin_open=True)
raw = api.attach_socket("in-py", {"stdin": 1, "stdout": 1, "stream": 1})._sock
api.start("in-py")
raw.sendall(b"hello\n")
head = raw.recv(8, socket.MSG_WAITALL)
print("attach", head, raw.recv(6, socket.MSG_WAITALL))
raw.close()

api.create_container("alpine", ["sh", "-c", "for i in 1 2 3; do echo line $i; sleep 0.3; done"],
                     name="log-py")
api.start("log-py")
print("log stream", list(api.logs("log-py", stream=True, follow=True)))
print("wait", api.wait("log-py"))

tar = io.BytesIO()
with tarfile.open(fileobj=tar, mode="w") as writer:
    entry = tarfile.TarInfo("file")
    entry.size = 300000
    writer.addfile(entry, io.BytesIO(b"0123456789" * 30000))
print("put", container.put_archive("/tmp", tar.getvalue()))
stream, stat = container.get_archive("/tmp/file")
with tarfile.open(fileobj=io.BytesIO(b"".join(stream))) as reader:
    print("get", stat["size"], reader.extractfile("file").read() == b"0123456789" * 30000)

seen = []
events = client.events(decode=True, filters={"container": "py"})
listener = threading.Thread(target=lambda: seen.extend(event["Action"] for event in events))
listener.start()
container.pause()
container.unpause()
while len(seen) < 2:
    listener.join(0.1)
events.close()
print("events", seen)

print("stats", sorted(container.stats(stream=False).keys()))
print("top", container.top()["Titles"])
try:
    client.containers.get("nobody")
except docker.errors.NotFound as problem:
    print("missing", problem.explanation)
for name in ("py", "in-py", "log-py"):
    client.containers.get(name).remove(force=True)
