// The TypeScript client of `@modelcontextprotocol/sdk` 1.x, which speaks the handshake era only; see common.py.
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { SSEClientTransport } from "@modelcontextprotocol/sdk/client/sse.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { args, command, headers, say, take, visit } from "./common.mjs";

let revision = null;

function transport() {
  if (visit.transport === "stdio") {
    return new StdioClientTransport({ command, args, env: visit.env });
  }
  const Transport = visit.transport === "sse" ? SSEClientTransport : StreamableHTTPClientTransport;
  return new Transport(new URL(visit.url), { requestInit: { headers } });
}

const chosen = transport();
// The stdio transport is not told the revision unless it offers to be.
const told = chosen.setProtocolVersion?.bind(chosen);
chosen.setProtocolVersion = (version) => {
  revision = version;
  told?.(version);
};
const client = new Client({ name: "toolgate-matrix", version: "1.0.0" });
await client.connect(chosen);
say({ revision });
await take(client, (params, options) => client.callTool(params, undefined, options));
await client.close();
