"""What the real servers talk to instead of the cloud, all on loopback: moto, Prometheus, and two stand-ins.

Each is started once, when the first server needs it, and ended with the run. It must never reach the network.
"""

import socket
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import ExitStack
from pathlib import Path

import harness

HERE = harness.CHECKOUT / "tests" / "servers"
CACHE = harness.CHECKOUT / ".cache-servers"
START_TIMEOUT_S = 60
KEYS = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(url):
    try:
        with urllib.request.urlopen(url, timeout=2) as response:
            return response.status == 200
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


class Backends:
    """The running backends by name; each is a child with a way to reach it."""

    def __init__(self, folder):
        self.folder, self.stack, self.running = Path(folder), ExitStack(), {}

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return self.stack.__exit__(*error)

    def get(self, name):
        if name not in self.running:
            self.running[name] = getattr(self, f"_{name}")()
        return self.running[name]

    def _start(self, name, command, url=None, **options):
        child = harness.Child(command, self.folder, name, env=harness.plain_env(KEYS), **options)
        self.stack.callback(child.stop)
        if url and not harness.wait_until(lambda: answers(url), START_TIMEOUT_S):
            raise RuntimeError(f"{name} does not answer; its stderr ends: {child.stderr_tail()}")
        return child

    def _moto(self):
        """The environment with which AWS clients use moto."""
        url = f"http://127.0.0.1:{free_port()}"
        command = [CACHE / "moto" / "bin" / "moto_server", "-H", "127.0.0.1", "-p", url.rsplit(":", 1)[1]]
        self._start("moto", command, url)
        return KEYS | {"AWS_ENDPOINT_URL": url}

    def _prometheus(self):
        """Debian's Prometheus, which watches itself. Its URL."""
        url = f"http://127.0.0.1:{free_port()}"
        config = self.folder / "prometheus.yml"
        config.write_text(
            "global: { scrape_interval: 1s }\n"
            "scrape_configs: [{ job_name: self, static_configs: [{ targets: ['" + url.removeprefix("http://") + "'] }] }]\n"
        )
        command = ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={self.folder / 'tsdb'}"]
        command += [f"--web.listen-address={url.removeprefix('http://')}", "--log.level=error"]
        self._start("prometheus", command, f"{url}/-/ready")
        return url

    def _pages(self):
        """A web server with two pages. Its URL."""
        folder, port = self.folder / "pages", free_port()
        folder.mkdir()
        for name in ("ward", "secret"):
            (folder / f"{name}.html").write_text(f"<html><body><p>The {name} book is kept by Ada.</p></body></html>")
        command = [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", "--directory", folder, str(port)]
        self._start("pages", command, f"http://127.0.0.1:{port}/ward.html")
        return f"http://127.0.0.1:{port}"

    def _imaging(self):
        """The stand-in of the imaging API, with the environment for its server and its log."""
        return self.stack.enter_context(harness.standin(self.folder))

    def _cloudtrail(self):
        """The stand-in of CloudTrail: what it said of itself."""
        command = [sys.executable, HERE / "cloudtrail_standin.py", "--log", self.folder / "cloudtrail.jsonl"]
        return self._start("cloudtrail", command, stdin=subprocess.PIPE).read_json()
