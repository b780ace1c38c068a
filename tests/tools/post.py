"""What the tools here share: the programs, a device's local API, the shipped broker. Standard library only."""
import http.client, json, os, shutil, socket, subprocess, sys
from pathlib import Path

CONFIG = Path(__file__).resolve().parents[2] / "config"


def run(programs, program, *arguments):
    """Runs a program of the folder `programs` to its end; what it printed. A failure ends the tool, and says all of it."""
    done = subprocess.run([programs / program, *map(str, arguments)], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{program} {' '.join(map(str, arguments))}: {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


class Unix(http.client.HTTPConnection):
    """HTTP over a device's socket."""

    def __init__(self, path):
        super().__init__("localhost", timeout=30)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def ask(path, method, call, body=None):
    """One call of the local API, over the socket at `path`; its answer."""
    connection = Unix(path)
    try:
        connection.request(method, call, json.dumps(body) if body else None, {"Content-Type": "application/json", "Host": "localhost"})
        return json.loads(connection.getresponse().read())
    finally:
        connection.close()


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def mosquitto():
    """Debian's program."""
    return shutil.which("mosquitto", path=os.environ["PATH"] + ":/usr/sbin:/usr/local/sbin") or sys.exit("mosquitto is not installed")


def broker_config(folder, home, port):
    """Makes `folder` with the shipped configuration, for this port and the home's certificates; the file."""
    folder.mkdir()
    pki = home / "pki"
    shutil.copy(CONFIG / "mosquitto.acl", folder)
    values = {"user": "root", "listener": f"{port} 127.0.0.1", "cafile": pki / "ca.pem", "certfile": pki / "broker.pem", "keyfile": pki / "broker.key",
              "crlfile": pki / "crl.pem", "acl_file": folder / "mosquitto.acl", "persistence_location": f"{folder}/"}
    lines = (CONFIG / "mosquitto.conf").read_text().splitlines()
    file = folder / "mosquitto.conf"
    file.write_text("".join(f"{key} {values[key]}\n" if (key := line.split(" ")[0]) in values else line + "\n" for line in lines))
    return file


def check_digit(text):
    """Of a machine readable zone (ICAO 9303-3, 4.9)."""
    value = lambda c: 0 if c == "<" else int(c) if c.isdigit() else ord(c) - 55
    return str(sum(value(c) * (7, 3, 1)[i % 3] for i, c in enumerate(text)) % 10)
