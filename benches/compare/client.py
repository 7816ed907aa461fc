"""The official Python client doing one work: client.py WORK BASE CALLS WARM_UP. It prints what that took, as JSON."""

import json
import sys
import time

from tagoio_sdk import Resources

TOKEN = "p-3f2b8a90-7d1c-4c55-9a43-5be0a1d2c3e4"
FIELDS = [
    "id", "name", "email", "timezone", "company", "phone", "language", "tags", "active", "last_login", "created_at",
    "updated_at",
]  # fmt: skip


def peak():
    with open("/proc/self/status") as status:
        line = next(line for line in status if line.startswith("VmHWM:"))
    return int(line.split()[1])


def main():
    work, base, calls, warm_up = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    resources = Resources({"token": TOKEN, "region": {"api": base, "sse": base}})
    new = {"name": "Jane Doe", "email": "jane@example.com", "timezone": "Europe/Lisbon", "generate_password": True}

    def call():
        if work == "get":
            resources.run.userInfo("61eb25a4d6a4a20011d4cd3c")
        elif work == "post":
            resources.run.userCreate(dict(new))
        elif work == "statistics":
            date = {"start_date": "2026-01-01", "end_date": "2026-01-31", "periodicity": "hour"}
            assert len(resources.profile.usageStatisticList("current", date)) == 744
        else:
            amount = int(work.removeprefix("users-"))
            query = {"page": 1, "fields": FIELDS, "amount": amount, "orderBy": ["name", "asc"]}
            assert len(resources.run.listUsers(query)) == amount

    for _ in range(warm_up):
        call()
    wall, cpu = time.perf_counter(), time.process_time()
    for _ in range(calls):
        call()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(json.dumps({"wall": wall, "cpu": cpu, "peak": peak()}))


main()
