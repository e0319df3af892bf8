"""The processes of a run: the upstream, nginx, Toolgate. Knows their configurations, measures nothing.

It must never leave a process behind, and never end one that it did not start.
"""

import hashlib
import json
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
TOKEN = "tg_bench_" + "5c" * 32
START_LIMIT_S = 20

NGINX_CONF = """\
daemon off;
master_process on;
worker_processes {workers};
pid {folder}/nginx.pid;
error_log stderr error;
{user}
events {{ worker_connections 4096; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    keepalive_requests 1000000000;
    upstream fast {{
        server {upstream};
        keepalive 256;
        keepalive_requests 1000000000;
    }}
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://fast;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
        }}
    }}
}}
"""

TOOLGATE_TOML = """\
listen = "127.0.0.1:{port}"
admin_listen = "127.0.0.1:{admin_port}"
data = "data"

[servers.fast]
url = "{upstream_url}"

[grants.bench]
token_hash = "sha256:{token_hash}"

[grants.bench.servers]
fast = ["{policy}"]
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A child process; ended when the `with` block ends."""

    def __init__(self, name, command, url, folder):
        self.name, self.command, self.url, self.folder = name, [str(part) for part in command], url, Path(folder)

    def __enter__(self):
        self.log = open(self.folder / f"{self.name}.log", "w+")
        self.child = subprocess.Popen(
            self.command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.log, text=True
        )
        return self

    def __exit__(self, *_):
        self.child.terminate()
        try:
            self.child.wait(10)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
        self.log.close()

    def pids(self):
        """The process and its children: nginx works in children."""
        children = Path(f"/proc/{self.child.pid}/task/{self.child.pid}/children").read_text().split()
        return [self.child.pid, *map(int, children)]

    def resident_kib(self):
        status = Path(f"/proc/{self.child.pid}/status").read_text()
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:"))

    def announced(self):
        """The first line that the process prints, as JSON."""
        line = self.child.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.name} ended before it listened: {self.tail()}")
        return json.loads(line)

    def wait_for_port(self):
        deadline = time.monotonic() + START_LIMIT_S
        address = self.url.split("/")[2].split(":")
        while True:
            try:
                socket.create_connection((address[0], int(address[1]))).close()
                return self
            except OSError:
                if self.child.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"{self.name} does not listen: {self.tail()}") from None
                time.sleep(0.01)

    def tail(self):
        self.log.flush()
        return Path(self.log.name).read_text()[-2000:]


def upstream(binaries, folder):
    port = free_port()
    return Server("upstream", [binaries / "testkit-upstream", port], f"http://127.0.0.1:{port}/mcp", folder)


def nginx_program():
    found = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    if not found:
        raise SystemExit("bench: nginx is missing; install it first: apt-get install nginx-light")
    return found


def nginx(folder, upstream_url, workers):
    port = free_port()
    folder = Path(folder) / "nginx"
    folder.mkdir()
    user = "user root;" if os.geteuid() == 0 else ""
    conf = NGINX_CONF.format(
        folder=folder, port=port, workers=workers, user=user, upstream=upstream_url.split("/")[2]
    )
    (folder / "nginx.conf").write_text(conf)
    command = [nginx_program(), "-e", "stderr", "-p", folder, "-c", folder / "nginx.conf"]
    return Server("nginx", command, f"http://127.0.0.1:{port}/mcp", folder)


def toolgate(binary, folder, name, upstream_url, policy):
    port, admin_port = free_port(), free_port()
    folder = Path(folder) / name
    shutil.copytree(HERE / "policies", folder / "policies")
    toml = TOOLGATE_TOML.format(
        port=port,
        admin_port=admin_port,
        upstream_url=upstream_url,
        policy=policy,
        token_hash=hashlib.sha256(TOKEN.encode()).hexdigest(),
    )
    (folder / "toolgate.toml").write_text(toml)
    command = [binary, "--config", folder / "toolgate.toml", "up", "--json"]
    return Server(name, command, f"http://127.0.0.1:{port}/mcp/fast", folder)
