"""The story that every run tells, whatever lies between the agent and the real server: the policy, the calls
that an agent makes, what it must see, and what the stand-in's log and the audit log must say afterwards.
"""

import json
import re
import subprocess

import harness
import imaging_standin
from mcp import MCPError

MAX_IMPORTS = 10
EXPORT_REASON = "Exports of patient images need the imaging lead; ask them."
HIDDEN = "delete_datastore"
UNNAMED = "delete_image_set"
UNKNOWN = "no_such_tool_x"
IMPORT = "start_dicom_import_job"
EXPORT = "start_dicom_export_job"
# The hidden tool is also named, so that only `hide` can be what refuses it.
POLICY = {
    "version": "1",
    "default": "deny",
    "hide": [HIDDEN],
    "tools": {
        IMPORT: {
            "limits": [
                {"counter": "start_dicom_import_job_rate", "window": "minute", "max": MAX_IMPORTS, "scope": "grant"}
            ]
        },
        EXPORT: {"action": "deny", "reason": EXPORT_REASON},
        "list_datastores": {},
        "get_datastore": {},
        "get_dicom_import_job": {},
        "list_dicom_import_jobs": {},
        HIDDEN: {},
    },
}
LISTED = sorted(set(POLICY["tools"]) - {HIDDEN})
N_REAL_TOOLS = 39
MODERN, LEGACY = "modern", "legacy"
ERAS = (MODERN, LEGACY)
REVISION = {MODERN: "2026-07-28", LEGACY: "2025-11-25"}
# What forces the era in the official client: a modern revision is adopted without a probe, `legacy` initializes.
CLIENT_MODE = {MODERN: "2026-07-28", LEGACY: "legacy"}
REAL_AGENT = "healthimaging-mcp-server"
ROLE = "arn:aws:iam::111122223333:role/import-role"
BUCKET = "s3://pacs-inbox-e2e"
DENIED = "[POLICY DENIED]"


def import_arguments(standin, label):
    return {
        "datastore_id": standin.datastore_id,
        "data_access_role_arn": ROLE,
        "input_s3_uri": f"{BUCKET}/{label}/",
        "output_s3_uri": f"s3://pacs-results-e2e/{label}/",
        "job_name": label,
    }


def export_arguments(standin):
    return {
        "datastore_id": standin.datastore_id,
        "data_access_role_arn": ROLE,
        "output_s3_uri": f"{BUCKET}-export/",
    }


def modern_meta():
    prefix = "io.modelcontextprotocol/"
    return {
        prefix + "protocolVersion": REVISION[MODERN],
        prefix + "clientInfo": {"name": "toolgate-e2e", "version": "1"},
        prefix + "clientCapabilities": {},
    }


def real_definitions(standin):
    """The real server's own tools/list, asked over stdio with nothing in between, by tool name."""
    request = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {"_meta": modern_meta()}}
    done = subprocess.run(
        [str(harness.REAL_SERVER)],
        input=json.dumps(request).encode() + b"\n",
        capture_output=True,
        timeout=60,
        env=harness.plain_env(standin.server_env()),
    )
    return {tool["name"]: tool for tool in json.loads(done.stdout)["result"]["tools"]}


def text_of(result):
    return result.content[0].text if result.content else ""


def retry_seconds(text):
    found = re.search(r"[Rr]etry after (\d+) seconds?", text)
    return int(found.group(1)) if found else None


class Story:
    """One agent's visit. `agent` has `client` (the official one) and `raw_answers(names)`."""

    def __init__(self, checks, era, how, standin, gated):
        self.checks, self.era, self.standin, self.gated = checks, era, standin, gated
        self.name = f"{how}, {era}"

    def that(self, what, holds, detail=""):
        return self.checks.that(f"{self.name}: {what}", holds, detail)

    async def tell(self, agent, definitions):
        client = agent.client
        self.that("the client speaks the forced revision", client.protocol_version == REVISION[self.era])
        await self.lists(agent, definitions)
        if self.gated:
            await self.bad_arguments(client)
        await self.imports(client)
        if self.gated:
            await self.refusals(agent)
        else:
            await self.without_gateway(agent)
        await self.still_works(client)

    async def lists(self, agent, definitions):
        listed = [tool.name for tool in (await agent.client.list_tools()).tools]
        expected = LISTED if self.gated else sorted(definitions)
        self.that("tools/list shows exactly the expected tools", sorted(listed) == expected, f"it shows {listed}")
        found = {tool["name"]: tool for tool in await agent.raw_tools()}
        wanted = {name: definitions[name] for name in expected}
        different = [name for name in wanted if found.get(name) != wanted[name]]
        self.that("the definitions arrive unchanged", not different and len(found) == len(wanted), str(different))

    async def bad_arguments(self, client):
        """Refused before the server sees them, in words that a model can act on, and at no cost."""
        wrong_type = import_arguments(self.standin, "wrong-type") | {"datastore_id": 5}
        result = await client.call_tool(IMPORT, wrong_type)
        text = text_of(result)
        named = result.is_error and text.startswith("[INVALID ARGUMENTS]") and "datastore_id" in text
        self.that("an argument of the wrong type is refused and named", named, text)
        undeclared = import_arguments(self.standin, "undeclared") | {"bucket_owner": "me"}
        result = await client.call_tool(IMPORT, undeclared)
        text = text_of(result)
        named = result.is_error and text.startswith("[INVALID ARGUMENTS]") and "bucket_owner" in text
        self.that("an argument that the schema does not declare is refused and named", named, text)

    async def imports(self, client):
        jobs = set()
        for number in range(MAX_IMPORTS):
            result = await client.call_tool(IMPORT, import_arguments(self.standin, f"import-{number}"))
            if result.is_error:
                self.that(f"import {number + 1} of {MAX_IMPORTS} succeeds", False, text_of(result))
            else:
                jobs.add(result.structured_content["job_id"])
        self.that(f"{MAX_IMPORTS} imports succeed, each with its own job", len(jobs) == MAX_IMPORTS, str(len(jobs)))

    async def refusals(self, agent):
        result = await agent.client.call_tool(IMPORT, import_arguments(self.standin, "one-too-many"))
        text = text_of(result)
        seconds = retry_seconds(text)
        refused = result.is_error and text.startswith(DENIED)
        self.that("the eleventh import is refused as a tool result", refused, text)
        self.that("it says when to retry", seconds is not None and 1 <= seconds <= 60, text)
        self.that("it has no structured content", result.structured_content is None)
        self.that("it carries the decision", "toolgate/decision" in (result.meta or {}), str(result.meta))

        result = await agent.client.call_tool(EXPORT, export_arguments(self.standin))
        text = text_of(result)
        refused = result.is_error and text.startswith(DENIED) and EXPORT_REASON.rstrip(".") in text
        self.that("the export is denied with its reason", refused, text)

        error = await failure(agent.client.call_tool(HIDDEN, {"datastore_id": self.standin.datastore_id}))
        self.that("the hidden tool is answered as an unknown one", getattr(error, "code", None) == -32602, str(error))
        hidden, unnamed, unknown = await agent.raw_answers([HIDDEN, UNNAMED, UNKNOWN])
        self.that("hidden and unknown tools get the same bytes", hidden == unknown, f"{hidden} and {unknown}")
        self.that("unnamed and unknown tools get the same bytes", unnamed == unknown, f"{unnamed} and {unknown}")
        named = [name for name in (HIDDEN, UNNAMED, UNKNOWN) if name in f"{hidden} {unnamed} {unknown}"]
        self.that("those answers repeat no tool name", not named, str(named))

    async def without_gateway(self, agent):
        """The same calls without a gateway, so that the story is known to test something."""
        result = await agent.client.call_tool(IMPORT, import_arguments(self.standin, "one-too-many"))
        self.that("without a gateway the eleventh import succeeds", not result.is_error, text_of(result))
        result = await agent.client.call_tool(EXPORT, export_arguments(self.standin))
        self.that("without a gateway the export reaches the server", result.is_error and DENIED not in text_of(result))
        real, unknown = await agent.raw_answers([EXPORT, UNKNOWN])
        self.that("without a gateway a real tool and an unknown one differ", real != unknown)

    async def still_works(self, client):
        stores = (await client.call_tool("list_datastores", {})).structured_content["datastore_summaries"]
        self.that("the session still works", [s["datastore_id"] for s in stores] == [self.standin.datastore_id])
        # Some agents send numbers as strings; the gateway repairs that and the call goes through.
        arguments = {"datastore_id": self.standin.datastore_id, "max_results": "50"}
        result = await client.call_tool("list_dicom_import_jobs", arguments)
        n_jobs = len((result.structured_content or {}).get("job_summaries", []))
        expected = MAX_IMPORTS if self.gated else MAX_IMPORTS + 1
        self.that("the API itself lists the jobs that were started", n_jobs == expected, f"{n_jobs} {text_of(result)}")

    def check_api_log(self):
        """The proof from the other side: what reached the API."""
        log = self.standin.log
        expected = MAX_IMPORTS if self.gated else MAX_IMPORTS + 1
        jobs = imaging_standin.started_import_jobs(log)
        self.that(f"the API's own log shows exactly {expected} import jobs", len(jobs) == expected, str(len(jobs)))
        self.that("all were started by the real server", all(REAL_AGENT in job["user_agent"] for job in jobs))
        inputs = [job["body"]["inputS3Uri"] for job in jobs][:MAX_IMPORTS]
        wanted = [f"{BUCKET}/import-{number}/" for number in range(MAX_IMPORTS)]
        self.that("they are the allowed ones, in order", inputs == wanted, str(inputs))
        operations = {line["operation"] for line in imaging_standin.read_log(log)}
        allowed = {"StartDICOMImportJob", "ListDatastores", "ListDICOMImportJobs"}
        self.that("nothing else reached the API", operations == allowed, str(operations))


async def failure(call):
    """The protocol error that a call ends in, or its result when it does not fail."""
    try:
        return await call
    except MCPError as error:
        return error


def check_audit(checks, name, records, n_forwarded=MAX_IMPORTS):
    """What the audit log must say of a visit: every forwarded import with its outcome, and why the rest was denied."""
    intents = [r for r in records if r["kind"] == "intent" and r.get("tool") == IMPORT]
    checks.equal(f"{name}: the audit shows the forwarded imports", len(intents), n_forwarded)
    finished = {r["call"] for r in records if r["kind"] == "outcome"}
    missing = [r["call"] for r in intents if r["call"] not in finished]
    checks.that(f"{name}: each has its outcome", not missing, str(missing))
    rules = {}
    for record in records:
        if record["kind"] == "denied":
            rules.setdefault(record.get("tool"), set()).add(record["rule"])
    limit = f"/tools/{IMPORT}/limits/start_dicom_import_job_rate"
    checks.that(f"{name}: the audit names the limit", limit in rules.get(IMPORT, ()), str(rules))
    return rules


def check_denials(checks, name, rules):
    checks.that(f"{name}: the audit names the argument check", "(arguments)" in rules.get(IMPORT, ()), str(rules))
    export = rules.get(EXPORT, set())
    by_rule = export and all(rule.startswith(f"/tools/{EXPORT}") for rule in export)
    checks.that(f"{name}: the audit names the export's rule", by_rule, str(export))
    checks.equal(f"{name}: the audit keeps the true rule of the hidden tool", rules.get(HIDDEN), {"(hidden)"})
    checks.equal(f"{name}: and of the unnamed one", rules.get(UNNAMED), {"(default deny)"})
