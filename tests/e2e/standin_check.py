"""Checks the stand-in of the imaging API with AWS's own client library: every operation, every error form, and that
its log counts started jobs and nothing else.
"""

import subprocess
import sys

import boto3
import harness
import imaging_standin
from botocore.config import Config
from botocore.exceptions import ClientError

ROLE = "arn:aws:iam::111122223333:role/import-role"


def api(standin):
    return boto3.client(
        "medical-imaging",
        endpoint_url=standin.url,
        region_name="us-east-1",
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
        config=Config(inject_host_prefix=False, retries={"total_max_attempts": 1}),
    )


def error_of(call, **arguments):
    """(status, type) of the error that a call ends in."""
    try:
        call(**arguments)
    except ClientError as error:
        return error.response["ResponseMetadata"]["HTTPStatusCode"], error.response["Error"]["Code"]
    return None


def import_request(store, **changes):
    request = {"datastoreId": store, "dataAccessRoleArn": ROLE}
    return request | {"inputS3Uri": "s3://inbox/a/", "outputS3Uri": "s3://results/a/", "jobName": "one"} | changes


def datastores(checks, client, first):
    made = client.create_datastore(datastoreName="second", tags={"unit": "x-ray"})
    checks.equal("a data store is made", made["datastoreStatus"], "ACTIVE")
    pages = [client.list_datastores(maxResults=1)]
    pages.append(client.list_datastores(maxResults=1, nextToken=pages[0]["nextToken"]))
    found = [row["datastoreId"] for page in pages for row in page["datastoreSummaries"]]
    checks.equal("data stores are listed in pages", found, [first, made["datastoreId"]])
    properties = client.get_datastore(datastoreId=made["datastoreId"])["datastoreProperties"]
    checks.equal("a data store is shown", properties["datastoreName"], "second")
    arn = properties["datastoreArn"]
    client.tag_resource(resourceArn=arn, tags={"shift": "night"})
    client.untag_resource(resourceArn=arn, tagKeys=["unit"])
    checks.equal("tags are kept", client.list_tags_for_resource(resourceArn=arn)["tags"], {"shift": "night"})
    gone = client.delete_datastore(datastoreId=made["datastoreId"])
    checks.equal("a data store is deleted", gone["datastoreStatus"], "DELETING")
    deleting = client.list_datastores(datastoreStatus="DELETING")["datastoreSummaries"]
    checks.equal("data stores are filtered", [row["datastoreId"] for row in deleting], [made["datastoreId"]])
    sets = client.search_image_sets(datastoreId=first)["imageSetsMetadataSummaries"]
    checks.equal("image sets are found", [row["version"] for row in sets], [1, 1])


def imports(checks, client, store):
    job = client.start_dicom_import_job(**import_request(store, clientToken="t-1"))
    again = client.start_dicom_import_job(**import_request(store, clientToken="t-1"))
    checks.equal("a repeated client token starts nothing", again["jobId"], job["jobId"])
    look = {"datastoreId": store, "jobId": job["jobId"]}
    steps = [client.get_dicom_import_job(**look)["jobProperties"]["jobStatus"] for _ in range(3)]
    checks.equal("a job goes on as it is looked at", steps, ["SUBMITTED", "IN_PROGRESS", "COMPLETED"])
    listed = client.list_dicom_import_jobs(datastoreId=store, jobStatus="COMPLETED")["jobSummaries"]
    checks.equal("jobs are listed", [row["jobId"] for row in listed], [job["jobId"]])


def errors(checks, client, store):
    start, other = client.start_dicom_import_job, "f" * 32
    not_found, invalid = (404, "ResourceNotFoundException"), (400, "ValidationException")
    no_access = import_request(store, dataAccessRoleArn="arn:aws:iam::111122223333:role/denied")
    throttled = import_request(store, dataAccessRoleArn="arn:aws:iam::111122223333:role/throttled")
    reused = import_request(store, clientToken="t-1", jobName="two")
    beyond = {"datastoreId": store, "imageSetId": other}
    cases = [
        ("an unknown data store", client.get_datastore, {"datastoreId": other}, not_found),
        ("a bad id", client.get_datastore, {"datastoreId": "X" * 32}, invalid),
        ("an unknown job", client.get_dicom_import_job, {"datastoreId": store, "jobId": "0"}, not_found),
        ("a bad S3 URI", start, import_request(store, inputS3Uri="http://x"), invalid),
        ("a reused token", start, reused, (409, "ConflictException")),
        ("a role without access", start, no_access, (403, "AccessDeniedException")),
        ("a throttled role", start, throttled, (429, "ThrottlingException")),
        ("an operation beyond it", client.get_image_set, beyond, (404, "UnknownOperationException")),
    ]
    for what, call, arguments, expected in cases:
        checks.equal(f"{what} is refused", error_of(call, **arguments), expected)
    start(**import_request(store, clientToken="t-2"))
    busy = error_of(client.delete_datastore, datastoreId=store)
    checks.equal("a data store with an unfinished job stays", busy, (409, "ConflictException"))


def counting(checks, log):
    jobs = imaging_standin.started_import_jobs(log)
    checks.equal("the log counts the started jobs", [job["body"]["clientToken"] for job in jobs], ["t-1", "t-2"])
    command = [sys.executable, str(harness.HERE / "imaging_standin.py"), "--count", log]
    checks.equal("the command counts the same", subprocess.run(command, capture_output=True).stdout, b"2\n")
    lines = imaging_standin.read_log(log)
    checks.equal("requests are numbered without a gap", [line["n"] for line in lines], list(range(1, len(lines) + 1)))


def main():
    checks = harness.Checks()
    with harness.work_folder(checks, "standin") as folder, checks.part("standin"):
        with harness.standin(folder) as standin:
            client = api(standin)
            datastores(checks, client, standin.datastore_id)
            imports(checks, client, standin.datastore_id)
            errors(checks, client, standin.datastore_id)
            counting(checks, standin.log)
        checks.equal("it ends when its input closes", standin.child.process.returncode, 0)
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
