"""Launcher: `python3 cli.py run` needs Python 3.11 or newer and nothing else.

On first use it makes an isolated environment in .gridopt/ with the versions of constraints.txt (by uv where it is
installed, else by venv and pip), then hands over to the commands in gridopt/commands/. The code of this folder is used
as it is; a change takes effect at once. The environment is made anew when constraints.txt or the requirements change.

    python3 cli.py run                 dispatch Gansu 2025 and write the report
    python3 cli.py test [PYTEST ARGS]  run all tests
    python3 cli.py COMMAND --help      what a command does
"""

# Standard library only, and syntax of Python 3.6, so that an old Python can read this file and say that it is old.
import contextlib
import errno
import hashlib
import os
import platform
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.abspath(__file__))
HOME = os.path.join(ROOT, ".gridopt")
LOG = os.path.join(HOME, "install.log")
LEAST_PYTHON = (3, 11)
LEAST_SPACE_BYTES = 2000000000
INTERRUPTED, UNAVAILABLE = 130, 6
OFFLINE = (
    "name resolution", "getaddrinfo", "name or service not known", "connection refused", "failed to establish", "dns error",
    "connecttimeout", "read timed out", "newconnectionerror", "network is unreachable", "error sending request", "proxyerror",
    "connection error", "connection broken",
)  # fmt: skip
ONE_THREAD = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


class Unavailable(Exception):
    """The environment cannot be made; the text says why and what to do."""


def say(text: str) -> None:
    sys.stderr.write("gridopt: " + text + "\n")
    sys.stderr.flush()


def short(path: str) -> str:
    """The path as seen from here; whole where there is no way (another drive)."""
    try:
        return os.path.relpath(path)
    except ValueError:
        return path


def environment_folder() -> str:
    """Folder of the environment that belongs to these pins, this Python and this place."""
    digest = hashlib.sha256("\0".join([ROOT, sys.base_prefix, platform.machine()] + requirements("test")).encode())
    with open(os.path.join(ROOT, "constraints.txt"), "rb") as file:
        digest.update(file.read())
    return os.path.join(HOME, "env-{}.{}-{}".format(sys.version_info[0], sys.version_info[1], digest.hexdigest()[:12]))


def python_of(folder: str) -> str:
    return os.path.join(folder, *(("Scripts", "python.exe") if os.name == "nt" else ("bin", "python")))


def mark_of(folder: str, purpose: str) -> str:
    """File that exists only once the environment is finished for `purpose`, "run" or "test"."""
    return os.path.join(folder, "ready-" + purpose)


def requirements(purpose: str) -> list:
    """Requirements as pyproject.toml names them; those of the tests on top for "test"."""
    import tomllib

    with open(os.path.join(ROOT, "pyproject.toml"), "rb") as file:
        project = tomllib.load(file)
    return project["project"]["dependencies"] + (project["dependency-groups"]["dev"] if purpose == "test" else [])


@contextlib.contextmanager
def locked(folder: str):
    """Hold the folder's lock; a second launcher waits. The system frees the lock of a process that dies."""
    with open(os.path.join(folder, "lock"), "a+") as file:
        if os.name == "nt":
            import msvcrt

            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)
        else:
            import fcntl

            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                say("another gridopt is preparing its environment; waiting for it")
                fcntl.flock(file, fcntl.LOCK_EX)
        yield


def call(command: list) -> None:
    """Run an installer, its words into the log file; raise Unavailable with the reason if it fails."""
    words = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME", "PIP_TARGET", "PIP_PREFIX", "PIP_USER")}
    lines = []
    show = sys.stderr.isatty()
    with open(LOG, "a", encoding="utf-8") as log:
        log.write("$ " + " ".join(command) + "\n")
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=words, cwd=ROOT)
        try:
            for raw in process.stdout:
                line = raw.decode("utf-8", "replace")
                log.write(line)
                lines.append(line)
                if show and line.startswith(("Collecting ", "Installing ")):
                    sys.stderr.write("\r  " + line.strip()[:76].ljust(76))
                elif line.startswith("Installing collected"):
                    say("all is fetched; installing")
            process.wait()
        except BaseException:
            process.terminate()
            process.wait()
            raise
    if show:
        sys.stderr.write("\r" + " " * 78 + "\r")
    if process.returncode:
        raise Unavailable(reason("".join(lines)))


def reason(output: str) -> str:
    """One sentence for what an installer printed before it failed."""
    text = output.lower()
    if "no space left" in text or "not enough space" in text:
        return "the disk is full; free about {:.0f} GB and run the same line again.".format(LEAST_SPACE_BYTES / 1e9)
    if any(word in text for word in OFFLINE):
        return "the package registry cannot be reached; check the network, the proxy or pip's index, and run the same line again."
    if "ensurepip" in text:
        return NO_VENV
    if ("resolutionimpossible" in text or "no matching distribution" in text) and "collecting " not in text:
        # with its retries turned off pip does not say why it has found nothing
        return (
            "the package registry cannot be reached or does not hold the libraries; check the network, the proxy or pip's index."
        )
    last = [line.strip() for line in output.splitlines() if "error" in line.lower()] or ["no message"]
    return "the libraries could not be installed ({}); all of it is in {}".format(last[-1], short(LOG))


NO_VENV = (
    "this Python cannot make environments (its venv or ensurepip module is missing); "
    "on Debian and Ubuntu run: apt install python3-venv, or install uv."
)


def install_with_uv(folder: str, names: list) -> None:
    if not os.path.exists(python_of(folder)):
        call(["uv", "venv", "--quiet", "--python", sys.executable, folder])
    call(["uv", "pip", "install", "--python", python_of(folder), "-c", "constraints.txt"] + names)


def install_with_pip(folder: str, names: list) -> None:
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        raise Unavailable(NO_VENV) from None
    if not os.path.exists(os.path.join(folder, "pyvenv.cfg")):
        call([sys.executable, "-m", "venv", folder])
    pip = [python_of(folder), "-m", "pip", "install", "--no-input", "--disable-pip-version-check", "--prefer-binary"]
    call(pip + ["-c", "constraints.txt"] + names)


def install(folder: str, purpose: str) -> None:
    """Make or extend the environment, with uv first; many set up a mirror for pip only, so pip is tried after uv."""
    names = requirements(purpose)
    ways = ([install_with_uv] if shutil.which("uv") else []) + [install_with_pip]
    for way in ways:
        if not os.path.exists(mark_of(folder, "run")) and os.path.isdir(folder):
            shutil.rmtree(folder)  # left by an interrupted or failed attempt
        try:
            way(folder, names)
            break
        except Unavailable as fault:
            if way is ways[-1]:
                raise
            say("uv did not succeed ({}) Trying pip.".format(fault))
    paths = subprocess.check_output([python_of(folder), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"])
    with open(os.path.join(paths.decode().strip(), "gridopt-source.pth"), "w", encoding="utf-8") as file:
        file.write(ROOT + "\n")
    for done in {"run", purpose}:
        with open(mark_of(folder, done) + ".new", "w") as file:
            file.write("finished\n")
        os.replace(mark_of(folder, done) + ".new", mark_of(folder, done))


def prepare(purpose: str) -> str:
    """Path of the Python of a finished environment; makes the environment if need be."""
    folder = environment_folder()
    if os.path.exists(mark_of(folder, purpose)):
        return python_of(folder)
    os.makedirs(HOME, exist_ok=True)
    with locked(HOME):
        if not os.path.exists(mark_of(folder, purpose)):
            if shutil.disk_usage(HOME).free < LEAST_SPACE_BYTES:
                raise Unavailable(reason("no space left"))
            say("first use: fetching the libraries into {} (about 1 GB, some minutes)".format(short(folder)))
            install(folder, purpose)
            say("the environment is ready")
    return python_of(folder)


def hand_over(python: str, arguments: list, folder=None) -> int:
    """Run the environment's Python in place of this one; its exit code where it has to be a child (Windows)."""
    environ = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME")}
    for name in ONE_THREAD:
        environ.setdefault(name, "1")
    command = [python, "-P"] + arguments
    if folder:
        os.chdir(folder)
    sys.stderr.flush()
    if os.name != "nt":
        os.execve(python, command, environ)
    return child(command, environ)


def child(command: list, environ: dict) -> int:
    """Run a command to its end; its exit code. Ctrl-C reaches it too, and it decides what to do."""
    with subprocess.Popen(command, env=environ) as process:
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:
                continue


def main(arguments: list) -> int:
    if sys.version_info[:2] < LEAST_PYTHON:
        say("this is Python {}; gridopt needs Python 3.11 or newer. Install one, or uv, and run for example: "
            "python3.11 cli.py run".format(platform.python_version()))  # fmt: skip
        return UNAVAILABLE
    if not arguments or arguments[0] in ("-h", "--help") and not os.path.exists(mark_of(environment_folder(), "run")):
        sys.stdout.write(__doc__)
        return 0
    try:
        if arguments[0] == "test":
            return hand_over(prepare("test"), ["-m", "pytest"] + arguments[1:], ROOT)
        return hand_over(prepare("run"), ["-m", "gridopt"] + arguments)
    except Unavailable as fault:
        say(str(fault))
    except OSError as fault:
        say(reason("no space left") if fault.errno == errno.ENOSPC else "the environment could not be prepared: {}".format(fault))
    except KeyboardInterrupt:
        say("interrupted; an unfinished environment is made anew next time")
        return INTERRUPTED
    return UNAVAILABLE


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
