"""Tests that run side by side must not take each other's ports, nor lose them to a connection."""

from pathlib import Path

import pytest

from tests.ports import free_port

RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")


@pytest.mark.skipif(not RANGE.exists(), reason="the range is read from Linux")
def test_ports_of_servers_are_out_of_reach_of_outgoing_connections() -> None:
    lowest = int(RANGE.read_text().split()[0])
    assert all(free_port() + 1 < lowest for _ in range(50))


def test_no_port_is_handed_out_twice() -> None:
    ports = [free_port() for _ in range(200)]
    assert len({*ports, *(port + 1 for port in ports)}) == 400
