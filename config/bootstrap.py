"""Makes the virtual environment and keeps it up to date. Run by make with the machine's own Python.

    python3 config/bootstrap.py          what `make run` needs
    python3 config/bootstrap.py --dev    and the tools for tests

Standard library only, and readable to old Pythons, so that they can say that they are old.
"""

import hashlib
import os
import subprocess
import sys
from typing import NoReturn

OLDEST = (3, 11)
ENVIRONMENT = ".venv"
PYTHON = os.path.join(ENVIRONMENT, "bin", "python")


def main() -> None:
    if sys.version_info < OLDEST:
        stop(
            "Hansang needs Python %d.%d or newer; this is %s.\nName another one:  make run PYTHON=python3.12"
            % (OLDEST + (sys.version.split()[0],))
        )
    # The longer list holds the shorter one.
    lists = ["requirements-dev.txt"] if "--dev" in sys.argv else ["requirements.txt", "requirements-dev.txt"]
    wanted = fingerprint()
    if any(is_fresh(stamp_of(name), wanted) for name in lists):
        return
    if not works():
        make_environment()
    install(lists[0])
    try:
        with open(stamp_of(lists[0]), "w") as file:
            file.write(wanted)
    except OSError as error:
        stop("Cannot write to %s: %s" % (ENVIRONMENT, error.strerror))


def stamp_of(requirements: str) -> str:
    return os.path.join(ENVIRONMENT, "installed-" + requirements)


def stop(message: str) -> NoReturn:
    sys.exit("\n" + message + "\n")


def fingerprint() -> str:
    digest = hashlib.sha256()
    for name in ("requirements.txt", "requirements-dev.txt"):
        with open(name, "rb") as file:
            digest.update(file.read())
    return digest.hexdigest()


def is_fresh(stamp: str, wanted: str) -> bool:
    try:
        with open(stamp) as file:
            return file.read() == wanted and works()
    except OSError:
        return False


def works() -> bool:
    """Whether the environment's Python starts; it does not when the machine's Python went away."""
    check = "import sys, pip; sys.exit(sys.version_info < %r)" % (OLDEST,)
    try:
        return subprocess.call([PYTHON, "-c", check], stderr=subprocess.DEVNULL) == 0
    except OSError:
        return False


def make_environment() -> None:
    print("Making the virtual environment …", flush=True)
    command = [sys.executable, "-m", "venv", "--clear", ENVIRONMENT]
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if result.returncode == 0:
        return
    if "Read-only file system" in result.stdout or "Permission denied" in result.stdout:
        stop(
            "Cannot write to this folder (%s). Copy the project to a place that you may write to."
            % os.getcwd()
        )
    if "ensurepip" in result.stdout:
        stop(
            "This Python cannot make virtual environments. On Debian and Ubuntu:\n"
            "    apt install python%d.%d-venv" % sys.version_info[:2]
        )
    stop("The virtual environment could not be made:\n" + result.stdout.strip())


def install(requirements: str) -> None:
    print("Installing packages from %s (the first time takes a minute) …" % requirements, flush=True)
    command = [PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    command += ["--prefer-binary", "-r", requirements]
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if result.returncode == 0:
        return
    lines = [line for line in result.stdout.splitlines() if line.strip()]
    errors = [line for line in lines if "ERROR" in line] or lines[-3:]
    if "No space left" in result.stdout:
        stop("The disk is full:\n    " + errors[0])
    stop(
        "A package could not be installed:\n    %s\n\nIs there a connection to the package index? "
        "Behind a proxy set HTTPS_PROXY,\nfor an index of your own PIP_INDEX_URL, and run make again."
        % "\n    ".join(errors[:3])
    )


if __name__ == "__main__":
    main()
