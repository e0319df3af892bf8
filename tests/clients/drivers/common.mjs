// What the TypeScript drivers share; common.py says what a driver is given and what it prints.
import { readFileSync } from "node:fs";

export const visit = JSON.parse(readFileSync(process.argv[2], "utf8"));

export const headers = { Authorization: `Bearer ${visit.token}` };

export const [command, ...args] = visit.command ?? [];

export function say(line) {
  process.stdout.write(JSON.stringify(line) + "\n");
}

const STEP_TIMEOUT_MS = 30_000;
const PATIENCE_MS = 1_000;

// Makes every step on one connection; a step that fails does not end the visit.
// `call` makes one call with options; their place differs between the lines of the SDK.
export async function take(client, call) {
  async function one(tool, given, patience) {
    try {
      const options = { signal: AbortSignal.timeout(patience) };
      const { content, structuredContent, isError } = await call({ name: tool, arguments: given }, options);
      return { result: { content, structuredContent, isError } };
    } catch (error) {
      return { threw: thrown(error) };
    }
  }

  for (const step of visit.steps) {
    if (step.do === "list") {
      try {
        say({ tools: (await client.listTools()).tools.map((tool) => tool.name) });
      } catch (error) {
        say({ threw: thrown(error) });
      }
    } else if (step.do === "many") {
      say({ many: await Promise.all(step.arguments.map((given) => one(step.tool, given, STEP_TIMEOUT_MS))) });
    } else {
      say(await one(step.tool, step.arguments, step.do === "cancel" ? PATIENCE_MS : STEP_TIMEOUT_MS));
    }
  }
}

function thrown(error) {
  const code = typeof error.code === "number" ? error.code : null;
  return { code, message: `${error.constructor.name}: ${error.message}` };
}
