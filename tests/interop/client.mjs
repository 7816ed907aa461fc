// The official JavaScript client: makes the calls that it is told to, one a line, and says what came of each.

import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { Resources } from "@tago-io/sdk";

/** The public methods of two modules' own classes, each with the number of arguments that it takes. */
function methods(modules) {
  const base = Object.getPrototypeOf(Object.getPrototypeOf(modules.run));
  const found = {};
  for (const [name, module] of Object.entries(modules)) {
    for (let own = Object.getPrototypeOf(module); own !== base; own = Object.getPrototypeOf(own)) {
      for (const method of Object.getOwnPropertyNames(own)) {
        if (method !== "constructor" && typeof module[method] === "function") {
          found[`${name}.${method}`] = module[method].length;
        }
      }
    }
  }
  return found;
}

/** An argument as a user of this client would write it: dates are dates. */
function read(value) {
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map(read);
  if ("$datetime" in value) return new Date(value.$datetime);
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, read(member)]));
}

async function call(modules, order) {
  if (order.by_hand) {
    const { method, path, query, body } = order.by_hand;
    return modules.run.doRequest({ method, path, params: query, body });
  }
  const [module, method] = order.call.split(".");
  return modules[module][method](...read(order.args));
}

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const { api } = JSON.parse((await lines.next()).value);
const byToken = new Map();

function modules(token) {
  if (!byToken.has(token)) {
    const resources = new Resources({ token, region: { api, sse: api } });
    byToken.set(token, { profile: resources.profiles, run: resources.run });
  }
  return byToken.get(token);
}

function say(message) {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

const { version } = JSON.parse(readFileSync(new URL("node_modules/@tago-io/sdk/package.json", import.meta.url)));
say({ name: `@tago-io/sdk ${version} (Node ${process.version.slice(1)})`, methods: methods(modules("none")) });

for await (const line of lines) {
  const order = JSON.parse(line);
  try {
    say({ ok: (await call(modules(order.token), order)) ?? null });
  } catch (error) {
    // Whatever a user of this client would have to catch: a text, an object, or an Error.
    say({ error: error instanceof Error ? error.message : error });
  }
}
