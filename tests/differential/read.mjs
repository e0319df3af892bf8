// Reads what would be forwarded with the official TypeScript SDKs and compares what they see with what was judged.
//
// The lines come from the example `mutants` of the crate mcp. A message that an SDK refuses is never executed and
// passes; one that it reads differently is printed, and the exit code is 1. Numbers are compared as doubles, which is
// all that this language has. It must never correct a difference away.

import { createInterface } from "node:readline";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { isDeepStrictEqual } from "node:util";
import * as v1 from "@modelcontextprotocol/sdk/types.js";
import * as v2 from "@modelcontextprotocol/server";

const require = createRequire(import.meta.url);

function release(name) {
  const folder = require.resolve.paths(name).map((path) => `${path}/${name}/package.json`);
  for (const path of folder) {
    try {
      return JSON.parse(readFileSync(path)).version;
    } catch {
      // Not there; the next folder may have it.
    }
  }
  return "of unknown version";
}

// What a schema made of params; throws where it refuses.
function subjectOf(params) {
  return params?.name ?? params?.uri;
}

const requestsOfV1 = {
  "tools/call": v1.CallToolRequestSchema,
  "prompts/get": v1.GetPromptRequestSchema,
  "resources/read": v1.ReadResourceRequestSchema,
};

function viewOfV1(text) {
  const message = v1.JSONRPCMessageSchema.parse(JSON.parse(text));
  if (!("method" in message)) return null;
  const typed = requestsOfV1[message.method]?.parse(message) ?? message;
  return [typed.method, subjectOf(typed.params), typed.params?.arguments];
}

const requestsOfV2 = {
  "tools/call": v2.specTypeSchemas.CallToolRequest,
  "prompts/get": v2.specTypeSchemas.GetPromptRequest,
  "resources/read": v2.specTypeSchemas.ReadResourceRequest,
};

function viewOfV2(text) {
  const message = v2.parseJSONRPCMessage(JSON.parse(text));
  if (!("method" in message)) return null;
  const schema = requestsOfV2[message.method];
  let typed = message;
  if (schema) {
    const read = schema["~standard"].validate(message);
    if (read.issues) throw new Error("refused");
    typed = read.value;
  }
  return [typed.method, subjectOf(typed.params), typed.params?.arguments];
}

const ways = [
  ["@modelcontextprotocol/sdk", viewOfV1],
  ["@modelcontextprotocol/server", viewOfV2],
];
const counts = ways.map(() => ({ read: 0, refused: 0, different: 0 }));

function difference(line, seen) {
  if (seen === null) return line.method ? [line.method, null] : null;
  const [method, subject, args] = seen;
  if (line.method !== method) return [line.method, method];
  if ((method === "tools/call" || method === "prompts/get") && line.subject !== subject) {
    return [line.subject, subject];
  }
  if (method !== "tools/call") return null;
  const judged = line.arguments === undefined ? {} : JSON.parse(line.arguments);
  return isDeepStrictEqual(judged, args ?? {}) ? null : [line.arguments, args];
}

for await (const text of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  const line = JSON.parse(text);
  for (const [index, [name, view]] of ways.entries()) {
    let seen;
    try {
      seen = view(line.sent);
    } catch {
      counts[index].refused += 1;
      continue;
    }
    counts[index].read += 1;
    const found = difference(line, seen);
    if (found) {
      counts[index].different += 1;
      if (counts[index].different <= 20) console.log(`mutant ${line.number} (${name}): judged`, found[0], "seen", found[1]);
    }
  }
}

let failed = false;
for (const [index, [name]] of ways.entries()) {
  const { read, refused, different } = counts[index];
  console.log(`${name} ${release(name)}: ${read} readings, ${refused} refused by it, ${different} different`);
  failed ||= different > 0 || read === 0;
}
process.exit(failed ? 1 : 0);
