/** The official JavaScript client doing one work: client.mjs WORK BASE CALLS WARM_UP. It prints what that took, as JSON. */

import { readFileSync } from "node:fs";
import { Resources } from "@tago-io/sdk";

const [work, api, calls, warmUp] = process.argv.slice(2);
const resources = new Resources({ token: "p-3f2b8a90-7d1c-4c55-9a43-5be0a1d2c3e4", region: { api, sse: api } });
const fields = [
  "id", "name", "email", "timezone", "company", "phone", "language", "tags", "active", "last_login", "created_at",
  "updated_at",
];

function all(rows, expected) {
  if (rows.length !== expected) throw new Error(`${rows.length} came instead of ${expected}`);
}

async function call() {
  if (work === "get") {
    await resources.run.userInfo("61eb25a4d6a4a20011d4cd3c");
  } else if (work === "post") {
    const user = { name: "Jane Doe", email: "jane@example.com", timezone: "Europe/Lisbon", generate_password: true };
    await resources.run.userCreate(user);
  } else if (work === "statistics") {
    const date = { start_date: "2026-01-01", end_date: "2026-01-31", periodicity: "hour" };
    all(await resources.profiles.usageStatisticList("current", date), 744);
  } else {
    const amount = Number(work.replace("users-", ""));
    all(await resources.run.listUsers({ page: 1, fields, amount, orderBy: ["name", "asc"] }), amount);
  }
}

for (let done = 0; done < Number(warmUp); done += 1) await call();
const [started, used] = [performance.now(), process.cpuUsage()];
for (let done = 0; done < Number(calls); done += 1) await call();
const { user, system } = process.cpuUsage(used);
const wall = (performance.now() - started) / 1000;
const peak = Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync("/proc/self/status", "utf8"))[1]);
console.log(JSON.stringify({ wall, cpu: (user + system) / 1e6, peak }));
process.exit(0);
