// Gives each request of the suite the grant's token: the suite itself has no option for a header. Loaded before it by
// `node --import`. It must never change anything else of a request.
import diagnostics from "node:diagnostics_channel";
import http from "node:http";

const value = `Bearer ${process.env.TOOLGATE_TOKEN}`;

// fetch, and the request function of undici, whichever copy of it.
diagnostics.subscribe("undici:request:create", ({ request }) => request.addHeader("authorization", value));

const plain = http.request;
http.request = (options, ...rest) =>
    plain({ ...options, headers: { ...options.headers, authorization: value } }, ...rest);
