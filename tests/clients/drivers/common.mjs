// What the TypeScript drivers share; common.py says what a driver is given and what it prints.
import { readFileSync } from "node:fs";

export const visit = JSON.parse(readFileSync(process.argv[2], "utf8"));

export const headers = { Authorization: `Bearer ${visit.token}` };

export const [command, ...args] = visit.command ?? [];

export function say(line) {
  process.stdout.write(JSON.stringify(line) + "\n");
}

// Makes every step on one connection; a step that fails does not end the visit.
export async function take(client) {
  for (const step of visit.steps) {
    try {
      if (step.do === "list") {
        say({ tools: (await client.listTools()).tools.map((tool) => tool.name) });
      } else {
        const { content, structuredContent, isError } = await client.callTool({
          name: step.tool,
          arguments: step.arguments,
        });
        say({ result: { content, structuredContent, isError } });
      }
    } catch (error) {
      const code = typeof error.code === "number" ? error.code : null;
      say({ threw: { code, message: `${error.constructor.name}: ${error.message}` } });
    }
  }
}
