"""The real HealthImaging server behind `toolgate wrap`, as a desktop client would start it: over stdio with the
official client, in both eras; then ten of them at once that share one limit; then one without a policy.
With --direct the bare server takes the place of `toolgate wrap`, which proves the run itself.
"""

import argparse
import asyncio
import json
import sys
from contextlib import AsyncExitStack

import gateway
import harness
import imaging_standin
import story
import tap
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client

N_WRAPS = 10
CALLS_EACH = 3
# Starting a server takes a second of processor time and 96 MiB; ten at once would only slow each other.
STARTS_AT_ONCE = 3


class StdioAgent:
    """The official client, and the tap's log for the bytes of the answers."""

    def __init__(self, client, log):
        self.client, self.log = client, log

    async def raw_answers(self, names):
        """The answers to calls of `names`, as bytes, with the request's id taken out."""
        for name in names:
            await story.failure(self.client.call_tool(name, {}))
        sent = [message for message in tap.requests(self.log) if message.get("method") == "tools/call"]
        ids = [message["id"] for message in sent[-len(names) :]]
        answers = tap.replies(self.log)
        return [answers[number].replace(f'"id":{number}', '"id":0', 1) for number in ids]

    async def raw_tools(self):
        lists = {message["id"] for message in tap.requests(self.log) if message.get("method") == "tools/list"}
        return json.loads(tap.replies(self.log)[max(lists)])["result"]["tools"]


def command_of(config, gated, *arguments):
    """What a desktop client's configuration would hold."""
    if not gated:
        return [str(harness.REAL_SERVER)]
    wrap = [harness.toolgate_binary(), "--config", config, "wrap", *arguments, "--", harness.REAL_SERVER]
    return [str(part) for part in wrap]


def connect(command, env, stderr, era):
    parameters = StdioServerParameters(command=command[0], args=command[1:], env=env)
    return Client(
        stdio_client(parameters, errlog=stderr), mode=story.CLIENT_MODE[era], read_timeout_seconds=60
    )


async def visit(tale, command, folder, definitions):
    log = folder / "tap.jsonl"
    tapped = [sys.executable, str(harness.HERE / "tap.py"), str(log), *command]
    with open(folder / "wrap.stderr", "wb") as stderr:
        async with connect(tapped, tale.standin.server_env(), stderr, tale.era) as client:
            await tale.tell(StdioAgent(client, log), definitions)


def one(checks, era, folder, gated):
    """One wrapped server tells the whole story."""
    with harness.standin(folder) as standin:
        tale = story.Story(checks, era, "wrap" if gated else "direct stdio", standin, gated)
        config = gateway.write_config(folder / "config", {"imaging": story.POLICY})
        definitions = story.real_definitions(standin)
        command = command_of(config, gated, "--server", "imaging", "--policy", "imaging")
        harness.run_async(visit, tale, command, folder, definitions)
        ended = tap.exit_code(folder / "tap.jsonl")
        checks.equal(f"{tale.name}: it ends by itself when its input closes", ended, 0)
        harness.check_no_server_left(checks, tale.name)
        tale.check_api_log()
        if gated:
            records = gateway.audit_records(config)
            story.check_denials(checks, tale.name, story.check_audit(checks, tale.name, records))
            gateway.check_verified(checks, tale.name, config)
            end_owner(checks, tale.name)
            values = [story.BUCKET, story.ROLE]
            places = [config.parent / "data", folder / "wrap.stderr"]
            gateway.check_no_values(checks, tale.name, places, values)


def end_owner(checks, name):
    """The owner of the data folder may outlive the wraps that share it; it stops when asked."""
    stubborn = harness.end_adopted(harness.gateways())
    checks.that(f"{name}: the owner of the data folder stops when asked", not stubborn, str(stubborn))


async def crowd(command, env, folder):
    """Ten clients connect, wait for each other, then all import at once. Returns every result and who lives on."""
    slots, everyone = asyncio.Semaphore(STARTS_AT_ONCE), asyncio.Barrier(N_WRAPS)

    async def member(number):
        era = story.ERAS[number % 2]
        async with AsyncExitStack() as stack:
            stderr = stack.enter_context(open(folder / f"wrap-{number}.stderr", "wb"))
            async with slots:
                client = await stack.enter_async_context(connect(command, env.server_env(), stderr, era))
                await client.list_tools()
            await everyone.wait()
            calls = [
                client.call_tool(story.IMPORT, story.import_arguments(env, f"wrap-{number}-{call}"))
                for call in range(CALLS_EACH)
            ]
            results = await asyncio.gather(*calls)
            after = await client.call_tool("list_datastores", {})
            await everyone.wait()
            return results, not after.is_error

    async with asyncio.TaskGroup() as group:
        members = [group.create_task(member(number)) for number in range(N_WRAPS)]
    return [task.result() for task in members]


def many(checks, folder, gated):
    """Ten wrapped servers at once share the grant `local`, hence one counter."""
    name = f"{N_WRAPS} wraps at once" if gated else f"{N_WRAPS} bare servers at once"
    with harness.standin(folder) as standin:
        config = gateway.write_config(folder / "config", {"imaging": story.POLICY})
        command = command_of(config, gated, "--server", "imaging", "--policy", "imaging")
        members = harness.run_async(crowd, command, standin, folder)
        harness.check_no_server_left(checks, name)
        results = [result for member, _ in members for result in member]
        allowed = [result for result in results if not result.is_error]
        expected = story.MAX_IMPORTS if gated else N_WRAPS * CALLS_EACH
        checks.equal(f"{name}: of {len(results)} imports exactly {expected} succeed", len(allowed), expected)
        denied = [story.text_of(result) for result in results if result.is_error]
        told = all(text.startswith(story.DENIED) and story.retry_seconds(text) for text in denied)
        checks.that(f"{name}: the others are refused with a time to retry", told, str(denied[:3]))
        checks.that(f"{name}: every session still works", all(alive for _, alive in members))
        jobs = len(imaging_standin.started_import_jobs(standin.log))
        checks.equal(f"{name}: the API's own log shows the import jobs", jobs, expected)
        if gated:
            story.check_audit(checks, name, gateway.audit_records(config))
            gateway.check_verified(checks, name, config)
            end_owner(checks, name)


async def without_policy_visit(checks, name, command, folder, standin):
    with open(folder / "wrap.stderr", "wb") as stderr:
        async with connect(command, standin.server_env(), stderr, story.MODERN) as client:
            listed = [tool.name for tool in (await client.list_tools()).tools]
            checks.equal(f"{name}: nothing is listed", listed, [])
            error = await story.failure(client.call_tool(story.IMPORT, story.import_arguments(standin, "none")))
            checks.equal(f"{name}: a call is refused", getattr(error, "code", None), -32602)


def without_policy(checks, folder):
    """`toolgate wrap -- COMMAND` and nothing else denies everything and says how to go on."""
    name = "wrap without a policy"
    with harness.standin(folder) as standin:
        config = gateway.write_config(folder / "config", {})
        command = command_of(config, True)
        harness.run_async(without_policy_visit, checks, name, command, folder, standin)
        harness.check_no_server_left(checks, name)
        said = (folder / "wrap.stderr").read_text(errors="replace")
        checks.that(f"{name}: it says how to add one", "--policy" in said, said[-500:])
        checks.equal(f"{name}: nothing reached the API", imaging_standin.read_log(standin.log), [])
        end_owner(checks, name)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--direct", action="store_true", help="without the gateway, to prove the run itself")
    gated = not parser.parse_args().direct
    harness.need(harness.REAL_SERVER, "run tests/e2e/setup.sh first")
    harness.adopt_orphans()
    checks = harness.Checks()
    for era in story.ERAS:
        with harness.work_folder(checks, f"wrap-{era}") as folder, checks.part(f"wrap-{era}"):
            one(checks, era, folder, gated)
    with harness.work_folder(checks, "wrap-many") as folder, checks.part("wrap-many"):
        many(checks, folder, gated)
    if gated:
        with harness.work_folder(checks, "wrap-bare") as folder, checks.part("wrap-bare"):
            without_policy(checks, folder)
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
