// The TypeScript client `@modelcontextprotocol/client` 2.x; see common.py.
import { Client, SSEClientTransport, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { args, command, headers, say, take, visit } from "./common.mjs";

function transport() {
  if (visit.transport === "stdio") {
    return new StdioClientTransport({ command, args, env: visit.env });
  }
  const Transport = visit.transport === "sse" ? SSEClientTransport : StreamableHTTPClientTransport;
  return new Transport(new URL(visit.url), { requestInit: { headers } });
}

const mode = /^\d/.test(visit.mode) ? { pin: visit.mode } : visit.mode;
const client = new Client({ name: "toolgate-matrix", version: "1.0.0" }, { versionNegotiation: { mode } });
await client.connect(transport());
say({ revision: client.getNegotiatedProtocolVersion?.() ?? null });
await take(client, (params, options) => client.callTool(params, options));
await client.close();
