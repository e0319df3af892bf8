"""A small stand-in of the AWS HealthImaging REST API, for tests on one machine.

It answers the calls that awslabs.healthimaging-mcp-server makes for data stores, import jobs, image set
search and tags, keeps everything in memory, and appends one JSON line for each request to a log file before
it answers. The log is the proof of what reached the API: a line with a `started_job` is one import job that
was started. It must never be reachable from another machine: it listens on loopback only.

    python3 imaging_standin.py --log FILE          serves until stdin closes; prints one line of JSON first
    python3 imaging_standin.py --count FILE        prints how many import jobs FILE says were started

Triggers for the error forms: an import with the role `role/denied` is refused with AccessDeniedException,
one with `role/throttled` with ThrottlingException.
"""

import argparse
import json
import os
import re
import secrets
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

ACCOUNT = "111122223333"
REGION = "us-east-1"
DATASTORE_STATUSES = ("CREATING", "CREATE_FAILED", "ACTIVE", "DELETING", "DELETED")
JOB_STATUSES = ("SUBMITTED", "IN_PROGRESS", "COMPLETED", "FAILED")
S3_URI = r"s3://[a-z0-9][.\-a-z0-9]{1,61}[a-z0-9](/.*)?"
# The patterns are those of the public API model; a value that does not match all of it is refused.
PATTERNS = {
    "datastoreName": r"[A-Za-z0-9._/#-]{1,256}",
    "clientToken": r"[A-Za-z0-9._-]{1,64}",
    "dataAccessRoleArn": r"arn:aws(-[^:]+)?:iam::[0-9]{12}:role/.+",
    "inputS3Uri": S3_URI,
    "outputS3Uri": S3_URI,
    "jobName": r"[A-Za-z0-9._/#-]{1,64}",
    "inputOwnerAccountId": r"[0-9]{12}",
}


class ApiError(Exception):
    """One of the API's error answers: its HTTP status, its type and a message."""

    def __init__(self, status, kind, message):
        super().__init__(message)
        self.status, self.kind = status, kind


def not_found(what):
    return ApiError(404, "ResourceNotFoundException", f"{what} was not found")


def invalid(message):
    return ApiError(400, "ValidationException", message)


class State:
    """Everything that the stand-in remembers. Each operation takes (ids from the path, query, body)."""

    def __init__(self):
        self.datastores, self.jobs, self.tags, self.tokens = {}, {}, {}, {}
        # The log line of the request in hand learns here which job it started.
        self.started_job = None

    def create_datastore(self, _ids, _query, body):
        fields = take(body, required=("clientToken",), optional=("datastoreName", "kmsKeyArn", "tags"))
        known = self.replayed("CreateDatastore", fields)
        if known:
            return {"datastoreId": known, "datastoreStatus": self.datastores[known]["datastoreStatus"]}
        store = self.add_datastore(fields.get("datastoreName", "unnamed"), fields.get("kmsKeyArn"))
        self.tags[store["datastoreArn"]] = dict(fields.get("tags") or {})
        self.remember("CreateDatastore", fields, store["datastoreId"])
        return {"datastoreId": store["datastoreId"], "datastoreStatus": store["datastoreStatus"]}

    def add_datastore(self, name, kms_key_arn=None, datastore_id=None):
        datastore_id = datastore_id or secrets.token_hex(16)
        now = time.time()
        store = {
            "datastoreId": datastore_id,
            "datastoreName": name,
            "datastoreStatus": "ACTIVE",
            "datastoreArn": f"arn:aws:medical-imaging:{REGION}:{ACCOUNT}:datastore/{datastore_id}",
            "createdAt": now,
            "updatedAt": now,
        }
        if kms_key_arn:
            store["kmsKeyArn"] = kms_key_arn
        self.datastores[datastore_id] = store
        self.tags[store["datastoreArn"]] = {}
        return store

    def list_datastores(self, _ids, query, _body):
        wanted = one_of(query, "datastoreStatus", DATASTORE_STATUSES)
        rows = [s for s in self.datastores.values() if wanted in (None, s["datastoreStatus"])]
        return page("datastoreSummaries", [{k: v for k, v in s.items() if k != "kmsKeyArn"} for s in rows], query)

    def get_datastore(self, ids, _query, _body):
        return {"datastoreProperties": self.datastore(ids[0])}

    def delete_datastore(self, ids, _query, _body):
        store = self.datastore(ids[0])
        if any(job["datastoreId"] == ids[0] and job["jobStatus"] != "COMPLETED" for job in self.jobs.values()):
            raise ApiError(409, "ConflictException", f"data store {ids[0]} has unfinished import jobs")
        store["datastoreStatus"], store["updatedAt"] = "DELETING", time.time()
        return {"datastoreId": ids[0], "datastoreStatus": "DELETING"}

    def start_import(self, ids, _query, body):
        self.datastore(ids[0])
        fields = take(
            body,
            required=("clientToken", "dataAccessRoleArn", "inputS3Uri", "outputS3Uri"),
            optional=("jobName", "inputOwnerAccountId", "importConfiguration"),
        )
        if fields["dataAccessRoleArn"].endswith(":role/denied"):
            raise ApiError(403, "AccessDeniedException", "the role may not read the input")
        if fields["dataAccessRoleArn"].endswith(":role/throttled"):
            raise ApiError(429, "ThrottlingException", "rate exceeded")
        operation = f"StartDICOMImportJob {ids[0]}"
        job_id = self.replayed(operation, fields)
        if not job_id:
            job_id = secrets.token_hex(16)
            self.jobs[job_id] = {
                "jobId": job_id,
                "jobName": fields.get("jobName", ""),
                "jobStatus": "SUBMITTED",
                "datastoreId": ids[0],
                "dataAccessRoleArn": fields["dataAccessRoleArn"],
                "inputS3Uri": fields["inputS3Uri"],
                "outputS3Uri": fields["outputS3Uri"],
                "submittedAt": time.time(),
            }
            self.remember(operation, fields, job_id)
            self.started_job = job_id
        job = self.jobs[job_id]
        return {key: job[key] for key in ("datastoreId", "jobId", "jobStatus", "submittedAt")}

    def get_import(self, ids, _query, _body):
        """Each look at a job moves it one step on, so that a job finishes without a clock."""
        self.datastore(ids[0])
        job = self.jobs.get(ids[1])
        if job is None or job["datastoreId"] != ids[0]:
            raise not_found(f"import job {ids[1]}")
        answer = dict(job)
        if job["jobStatus"] == "SUBMITTED":
            job["jobStatus"] = "IN_PROGRESS"
        elif job["jobStatus"] == "IN_PROGRESS":
            job["jobStatus"], job["endedAt"] = "COMPLETED", time.time()
        return {"jobProperties": answer}

    def list_imports(self, ids, query, _body):
        self.datastore(ids[0])
        wanted = one_of(query, "jobStatus", JOB_STATUSES)
        rows = [
            {key: value for key, value in job.items() if key not in ("inputS3Uri", "outputS3Uri")}
            for job in self.jobs.values()
            if job["datastoreId"] == ids[0] and wanted in (None, job["jobStatus"])
        ]
        return page("jobSummaries", rows, query)

    def search_image_sets(self, ids, query, _body):
        self.datastore(ids[0])
        now = time.time()
        rows = [
            {
                "imageSetId": f"{number:032x}",
                "version": 1,
                "createdAt": now,
                "updatedAt": now,
                # Synthetic: no person stands behind these tags.
                "DICOMTags": {"DICOMPatientId": f"TEST-{number}", "DICOMPatientName": f"Example^Person{number}"},
            }
            for number in (1, 2)
        ]
        return page("imageSetsMetadataSummaries", rows, query)

    def list_tags(self, ids, _query, _body):
        return {"tags": self.tagged(ids[0])}

    def tag(self, ids, _query, body):
        tags = self.tagged(ids[0])
        new = take(body, required=("tags",), optional=())["tags"]
        if not isinstance(new, dict):
            raise invalid("tags must be an object")
        tags.update(new)
        return {}

    def untag(self, ids, query, _body):
        tags = self.tagged(ids[0])
        for key in query.get("tagKeys", []):
            tags.pop(key, None)
        return {}

    def datastore(self, datastore_id):
        if not re.fullmatch(r"[0-9a-z]{32}", datastore_id):
            raise invalid("datastoreId must be 32 characters of 0-9 and a-z")
        if datastore_id not in self.datastores:
            raise not_found(f"data store {datastore_id}")
        return self.datastores[datastore_id]

    def tagged(self, arn):
        if arn not in self.tags:
            raise not_found(f"resource {arn}")
        return self.tags[arn]

    def replayed(self, operation, fields):
        """The id that an earlier request with this client token made, so that a retry starts nothing."""
        known = self.tokens.get((operation, fields["clientToken"]))
        if known is None:
            return None
        made, before = known
        if before != fields:
            raise ApiError(409, "ConflictException", "the client token was used with other parameters")
        return made

    def remember(self, operation, fields, made):
        self.tokens[(operation, fields["clientToken"])] = (made, fields)


def take(body, required, optional):
    """The known fields of a JSON body, each checked against the API's pattern."""
    if not isinstance(body, dict):
        raise invalid("the body must be a JSON object")
    missing = [name for name in required if body.get(name) is None]
    if missing:
        raise invalid(f"missing: {', '.join(missing)}")
    unknown = sorted(set(body) - set(required) - set(optional))
    if unknown:
        raise invalid(f"unknown: {', '.join(unknown)}")
    for name, value in body.items():
        pattern = PATTERNS.get(name)
        if pattern and not (isinstance(value, str) and re.fullmatch(pattern, value)):
            raise invalid(f"{name} does not match {pattern}")
    return body


def one_of(query, name, allowed):
    value = query.get(name, [None])[0]
    if value is not None and value not in allowed:
        raise invalid(f"{name} must be one of {', '.join(allowed)}")
    return value


def page(name, rows, query):
    """One page of rows; the token is the place of the next row."""
    size, start = query.get("maxResults", ["50"])[0], query.get("nextToken", ["0"])[0]
    if not (size.isdigit() and 1 <= int(size) <= 50 and start.isdigit()):
        raise invalid("maxResults must be 1 to 50 and nextToken one that was given out")
    end = int(start) + int(size)
    answer = {name: rows[int(start) : end]}
    if end < len(rows):
        answer["nextToken"] = str(end)
    return answer


ROUTES = [
    ("POST", r"/datastore", "CreateDatastore", State.create_datastore),
    ("GET", r"/datastore", "ListDatastores", State.list_datastores),
    ("GET", r"/datastore/([^/]+)", "GetDatastore", State.get_datastore),
    ("DELETE", r"/datastore/([^/]+)", "DeleteDatastore", State.delete_datastore),
    ("POST", r"/startDICOMImportJob/datastore/([^/]+)", "StartDICOMImportJob", State.start_import),
    ("GET", r"/getDICOMImportJob/datastore/([^/]+)/job/([^/]+)", "GetDICOMImportJob", State.get_import),
    ("GET", r"/listDICOMImportJobs/datastore/([^/]+)", "ListDICOMImportJobs", State.list_imports),
    ("POST", r"/datastore/([^/]+)/searchImageSets", "SearchImageSets", State.search_image_sets),
    ("GET", r"/tags/(.+)", "ListTagsForResource", State.list_tags),
    ("POST", r"/tags/(.+)", "TagResource", State.tag),
    ("DELETE", r"/tags/(.+)", "UntagResource", State.untag),
]


def route(method, path):
    for wanted, pattern, operation, handler in ROUTES:
        match = re.fullmatch(pattern, path)
        if match and wanted == method:
            return operation, handler, [unquote(part) for part in match.groups()]
    return None, None, []


class Api:
    """Routes requests to the state, one at a time, and logs each before it is answered."""

    def __init__(self, log_path):
        self.state = State()
        self.lock = threading.Lock()
        self.requests = 0
        self.log = os.open(log_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def handle(self, method, target, user_agent, raw_body):
        """Returns (status, error type or None, answer as an object)."""
        parts = urlsplit(target)
        query = parse_qs(parts.query, keep_blank_values=True)
        operation, handler, ids = route(method, parts.path)
        body = None
        with self.lock:
            self.state.started_job = None
            try:
                if handler is None:
                    raise ApiError(404, "UnknownOperationException", f"no operation at {method} {parts.path}")
                body = parse(raw_body)
                status, kind, answer = 200, None, handler(self.state, ids, query, body)
            except ApiError as error:
                status, kind, answer = error.status, error.kind, {"message": str(error)}
            self.requests += 1
            self.write_log(
                n=self.requests,
                time=time.time(),
                method=method,
                path=unquote(parts.path),
                query=query,
                body=body,
                user_agent=user_agent,
                operation=operation,
                status=status,
                error=kind,
                started_job=self.state.started_job,
            )
        return status, kind, answer

    def write_log(self, **line):
        os.write(self.log, json.dumps(line).encode() + b"\n")


def parse(raw_body):
    if not raw_body:
        return None
    try:
        return json.loads(raw_body)
    except ValueError:
        raise invalid("the body is not JSON") from None


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    api = None

    def answer(self):
        raw_body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        status, kind, answer = self.api.handle(self.command, self.path, self.headers.get("User-Agent"), raw_body)
        out = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(out)))
        self.send_header("x-amzn-RequestId", secrets.token_hex(16))
        if kind:
            self.send_header("x-amzn-ErrorType", kind)
        self.end_headers()
        self.wfile.write(out)

    do_GET = do_POST = do_DELETE = do_PUT = do_PATCH = answer

    def log_message(self, *_args):
        """The JSON log says it all; nothing goes to stderr."""


def read_log(path):
    """Every request that the stand-in answered, oldest first."""
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def started_import_jobs(path):
    """The log lines of the requests that started an import job, one for each job."""
    return [line for line in read_log(path) if line["started_job"]]


def serve(log_path, datastore_id):
    Handler.api = Api(log_path)
    Handler.api.state.add_datastore("radiology", datastore_id=datastore_id)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_address[1]}"
    print(json.dumps({"event": "listening", "url": url, "datastore_id": datastore_id, "log": log_path}), flush=True)
    sys.stdin.read()
    server.shutdown()


def main():
    parser = argparse.ArgumentParser(description="a stand-in of the AWS HealthImaging REST API")
    parser.add_argument("--log", help="file that each request is appended to, as one line of JSON")
    parser.add_argument("--datastore-id", default="0123456789abcdef0123456789abcdef", help="the first data store")
    parser.add_argument("--count", metavar="FILE", help="print how many import jobs a log says were started")
    options = parser.parse_args()
    if options.count:
        print(len(started_import_jobs(options.count)))
    elif options.log:
        serve(options.log, options.datastore_id)
    else:
        parser.error("give --log FILE to serve or --count FILE to count")


if __name__ == "__main__":
    main()
