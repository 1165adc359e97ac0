"""A closed-loop HTTP client: some connections, each sends its next request when the last one was answered."""

import re
import shutil
import socket
import statistics
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

RequestMaker = Callable[[int], bytes]  # connection number -> the next request's bytes
# A shared machine is fast one moment and slow the next: both sides are measured in each of so many turns.
TURNS = 3


@dataclass(frozen=True)
class Result:
    """Rates per second, latencies in milliseconds."""

    per_second: float
    p50: float
    p95: float
    p99: float
    errors: int

    @classmethod
    def of(cls, latencies: list[float], seconds: float, errors: int) -> "Result":
        cuts = statistics.quantiles(latencies, n=100) if len(latencies) > 1 else [0.0] * 99
        return cls(len(latencies) / seconds, *(round(cuts[i] * 1000, 2) for i in (49, 94, 98)), errors)


def read_answer(stream: socket.SocketIO) -> tuple[int, bytes]:
    """(status, body) of one HTTP/1.1 answer with a Content-Length."""
    status = int(stream.readline().split(b" ", 2)[1])
    length = 0
    while (line := stream.readline()) not in {b"\r\n", b""}:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    return status, stream.read(length)


def request_bytes(method: str, path: str, headers: dict[str, str] | None = None, body: bytes = b"") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


def closed_loop(port: int, make: RequestMaker, *, connections: int = 8, seconds: float = 6) -> Result:
    """Runs `connections` loops for `seconds`; answers of 400 and above count as errors."""
    latencies, errors = _loop(port, make, connections, seconds)
    return Result.of(latencies, seconds, errors)


def in_turns(*sides: tuple[int, RequestMaker], connections: int = 8, seconds: float = 6) -> list[Result]:
    """`closed_loop` for each (port, maker), turn by turn; each has `seconds` in all, after one to warm up."""
    for port, make in sides:
        _loop(port, make, connections, 1)
    found: list[tuple[list[float], int]] = [([], 0) for _ in sides]
    for _ in range(TURNS):
        for index, (port, make) in enumerate(sides):
            latencies, errors = _loop(port, make, connections, seconds / TURNS)
            found[index] = found[index][0] + latencies, found[index][1] + errors
    return [Result.of(latencies, seconds, errors) for latencies, errors in found]


def _loop(port: int, make: RequestMaker, connections: int, seconds: float) -> tuple[list[float], int]:
    """Latencies in seconds, and how many answers were errors."""
    latencies: list[float] = []
    errors: list[int] = []
    stop_at = time.perf_counter() + seconds

    def loop(number: int) -> None:
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            stream = connection.makefile("rb")
            while (started := time.perf_counter()) < stop_at:
                connection.sendall(make(number))
                status, _ = read_answer(stream)  # type: ignore[arg-type]
                latencies.append(time.perf_counter() - started)
                if status >= 400:
                    errors.append(status)

    threads = [threading.Thread(target=loop, args=(number,)) for number in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return latencies, len(errors)


def read_load(port: int, path: str, *, connections: int = 8, seconds: int = 6) -> Result:
    """Reads one address as fast as it goes, by `wrk` where it is installed: Python would be the limit."""
    wrk = shutil.which("wrk")
    if wrk is None:
        request = request_bytes("GET", path)
        return closed_loop(port, lambda _: request, connections=connections, seconds=seconds)
    command = [wrk, "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", f"http://127.0.0.1:{port}{path}"]
    return _parse_wrk(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def _parse_wrk(text: str) -> Result:
    def milliseconds(percent: str) -> float:
        found = re.search(rf"\s{percent}%\s+([\d.]+)(us|ms|s)", text)
        assert found
        return float(found[1]) * {"us": 0.001, "ms": 1, "s": 1000}[found[2]]

    rate = re.search(r"Requests/sec:\s+([\d.]+)", text)
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    assert rate
    return Result(
        float(rate[1]), milliseconds("50"), milliseconds("90"), milliseconds("99"), int(bad[1]) if bad else 0
    )
