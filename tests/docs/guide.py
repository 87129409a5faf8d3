"""Runs the commands of a document that are for machines (`on HOST`), in order, on this one.

    guide.py SOURCE BIN DOCUMENT

Each machine is a directory with its own /etc/kigumi, /var/lib/kigumi and /backup, and ports of the loopback.
systemctl, journalctl and chown are functions that do what they would (machine.sh). KEY-OF-HOST, NEW-KEY-OF-HOST and
ID-OF-HOST are what an operator copies from one machine to another.
"""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

from fences import Fence, fences_of

HERE = Path(__file__).resolve().parent
source, binaries, document = (Path(argument).resolve() for argument in sys.argv[1:4])


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Machine:
    def __init__(self, name: str, parent: Path) -> None:
        self.root = parent / name
        self.port, self.http = free_port(), free_port()
        for directory in ("etc", "var", "backup", "run"):
            (self.root / directory).mkdir(parents=True)

    def key(self, file: str) -> str:
        (public,) = re.findall(r"(?m)^public (.*)$", (self.root / "etc" / file).read_text())
        return str(public)

    def replica(self, directory: str) -> str:
        command = [binaries / "kigumi", "--data", self.root / "var" / directory, "--json", "status"]
        return str(json.loads(subprocess.check_output(command))["replica"])

    def stop(self) -> None:
        for file in self.root.glob("run/pid"):
            try:
                os.kill(int(file.read_text()), signal.SIGKILL)
            except ProcessLookupError:
                pass


class Cluster:
    def __init__(self, directory: Path, hosts: set[str]) -> None:
        self.machines = {host: Machine(host, directory) for host in sorted(hosts)}

    def copied(self, name: re.Match[str]) -> str:
        machine = self.machines[name["host"].lower()]
        if name["what"] == "ID-OF":
            return machine.replica("node")
        if name["what"] == "ID-OF-LOST":
            return machine.replica("node.lost")
        return machine.key("key.new" if name["what"].startswith("NEW") else "key")

    def here(self, fence: Fence) -> str:
        """The commands as they are run: on this machine's addresses and directories."""
        assert fence.host is not None
        machine = self.machines[fence.host]
        hosts = "|".join(host.upper() for host in self.machines)
        pattern = rf"\b(?P<what>NEW-KEY-OF|KEY-OF|ID-OF-LOST|ID-OF)-(?P<host>{hosts})\b"
        text = re.sub(pattern, self.copied, fence.text)
        places = {
            "/etc/kigumi": machine.root / "etc",
            "/etc/systemd": machine.root / "systemd",
            "/var/lib/kigumi": machine.root / "var",
            "/backup/": f"{machine.root}/backup/",
            "0.0.0.0:7001": f"127.0.0.1:{machine.port}",
            "127.0.0.1:9470": f"127.0.0.1:{machine.http}",
        }
        places |= {f"{host}.example.org:7001": f"127.0.0.1:{other.port}" for host, other in self.machines.items()}
        for shown, meant in places.items():
            text = text.replace(shown, str(meant))
        return text

    def run(self, fence: Fence) -> str | None:
        """What went wrong, if anything has."""
        assert fence.host is not None
        machine = self.machines[fence.host]
        environment = {
            **os.environ,
            "PATH": f"{binaries}:{os.environ['PATH']}",
            "MACHINE": str(machine.root),
            "HTTP": f"127.0.0.1:{machine.http}",
        }
        script = f". {HERE}/machine.sh\n{self.here(fence)}"
        output = machine.root / "output"
        # A file: the daemons that are started here go on, and would hold a pipe open.
        with output.open("w") as out:
            done = subprocess.run(
                ["bash", "-c", script], cwd=machine.root, env=environment, timeout=120,
                stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
            )  # fmt: skip
        if done.returncode == 0:
            return None
        logs = "".join(f"--- {log}\n{log.read_text()[-3000:]}" for log in machine.root.parent.glob("*/run/log"))
        return f"{fence.place}: ended with {done.returncode}\n{fence.text}{output.read_text()}{logs}"


def main() -> int:
    fences = [fence for fence in fences_of(source, document) if fence.host]
    if len(fences) < 5:
        print(f"{document} has hardly any commands for machines")
        return 1
    with tempfile.TemporaryDirectory(prefix="kigumi-guide-") as directory:
        cluster = Cluster(Path(directory), {fence.host for fence in fences if fence.host})
        try:
            for fence in fences:
                wrong = cluster.run(fence)
                if wrong is not None:
                    print(wrong)
                    return 1
        finally:
            for machine in cluster.machines.values():
                machine.stop()
    print(f"{len(fences)} steps of {document.name} do what they should")
    return 0


if __name__ == "__main__":
    sys.exit(main())
