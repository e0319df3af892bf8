"""A small stand-in of the AWS CloudTrail API, for tests on one machine: the operations that
awslabs.cloudtrail-mcp-server calls, in AWS JSON 1.1, with made-up events.

    python3 cloudtrail_standin.py --log FILE      serves until stdin closes; prints one line of JSON first

It appends {"operation", "body"} to FILE before it answers: the proof of what reached the API. It must never be
reachable from another machine: it listens on loopback only.
"""

import argparse
import json
import os
import sys
import threading
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

STORE = "arn:aws:cloudtrail:us-east-1:111122223333:eventdatastore/0233062b-51c6-4d18-8dec-a8c90da840d9"
NOON = 1_795_176_000  # 2026-11-20 12:00 UTC
EVENTS = [
    {"EventName": "StartDICOMImportJob", "Username": "imaging", "EventSource": "medical-imaging.amazonaws.com"},
    {"EventName": "ConsoleLogin", "Username": "ada", "EventSource": "signin.amazonaws.com"},
    {"EventName": "DeleteBucket", "Username": "ada", "EventSource": "s3.amazonaws.com"},
]
ROWS = [[{"eventName": event["EventName"]}, {"n": "1"}] for event in EVENTS]


class ApiError(Exception):
    """One of the API's error answers, by its type."""


def whole_event(number):
    event = EVENTS[number]
    return event | {
        "EventId": str(uuid.UUID(int=number + 1)),
        "EventTime": NOON - number * 60,
        "ReadOnly": "false",
        "Resources": [],
        "CloudTrailEvent": json.dumps({"eventVersion": "1.11", "eventName": event["EventName"]}),
    }


def lookup_events(body, _queries):
    found = [whole_event(number) for number in range(len(EVENTS))]
    for wanted in body.get("LookupAttributes", []):
        member = {"EventName": "EventName", "Username": "Username", "EventSource": "EventSource"}.get(wanted["AttributeKey"])
        found = [event for event in found if member and event[member] == wanted["AttributeValue"]]
    start = int(body.get("NextToken", 0))
    n_most = body.get("MaxResults", 50)
    more = {"NextToken": str(start + n_most)} if start + n_most < len(found) else {}
    return {"Events": found[start : start + n_most]} | more


def list_event_data_stores(_body, _queries):
    times = {"CreatedTimestamp": NOON, "UpdatedTimestamp": NOON}
    return {"EventDataStores": [{"EventDataStoreArn": STORE, "Name": "everything"} | times]}


def get_event_data_store(body, _queries):
    if body.get("EventDataStore") != STORE:
        raise ApiError("EventDataStoreNotFoundException")
    return {"EventDataStoreArn": STORE, "Name": "everything", "Status": "ENABLED", "RetentionPeriod": 90}


def start_query(body, queries):
    if not body["QueryStatement"].lower().startswith("select"):
        raise ApiError("InvalidQueryStatementException")
    query_id = str(uuid.UUID(int=len(queries) + 100))
    queries[query_id] = body["QueryStatement"]
    return {"QueryId": query_id}


def statement(body, queries):
    if body["QueryId"] not in queries:
        raise ApiError("QueryIdNotFoundException")
    return queries[body["QueryId"]]


def describe_query(body, queries):
    counts = {"EventsMatched": len(ROWS), "EventsScanned": len(ROWS), "BytesScanned": 512, "CreationTime": NOON}
    known = {"QueryId": body["QueryId"], "QueryString": statement(body, queries), "QueryStatus": "FINISHED"}
    return known | {"QueryStatistics": counts}


def get_query_results(body, queries):
    statement(body, queries)
    counts = {"ResultsCount": len(ROWS), "TotalResultsCount": len(ROWS), "BytesScanned": 512}
    return {"QueryStatus": "FINISHED", "QueryStatistics": counts, "QueryResultRows": ROWS}


OPERATIONS = {
    "LookupEvents": lookup_events,
    "ListEventDataStores": list_event_data_stores,
    "GetEventDataStore": get_event_data_store,
    "StartQuery": start_query,
    "DescribeQuery": describe_query,
    "GetQueryResults": get_query_results,
}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])) or b"{}")
        operation = (self.headers.get("X-Amz-Target") or "").rpartition(".")[2]
        with self.server.lock:
            line = json.dumps({"operation": operation, "body": body}) + "\n"
            os.write(self.server.log, line.encode())
            try:
                handle = OPERATIONS.get(operation)
                if handle is None:
                    raise ApiError("UnknownOperationException")
                status, answer = 200, handle(body, self.server.queries)
            except ApiError as error:
                status, answer = 400, {"__type": str(error), "message": f"{operation} is refused"}
        self.send(status, json.dumps(answer).encode())

    def send(self, status, body):
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments):
        """The log file says it all."""


def operations(log):
    """The names of the operations that reached the API, in order."""
    with open(log, encoding="utf-8") as lines:
        return [json.loads(line)["operation"] for line in lines]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--log", required=True)
    options = parser.parse_args()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads, server.lock, server.queries = True, threading.Lock(), {}
    server.log = os.open(options.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(json.dumps({"url": f"http://127.0.0.1:{server.server_address[1]}", "log": options.log}), flush=True)
    sys.stdin.buffer.read()


if __name__ == "__main__":
    main()
