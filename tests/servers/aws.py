"""The servers of AWS, each with what stands in for its part of the cloud."""

from backends import CACHE, KEYS
from server import Call, Server

VENDOR = CACHE / "vendor" / "bin"


def moto(backends):
    return backends.get("moto")


def aws_profile(backends):
    """ECS asks for the profile `default`, so there is one."""
    profile = backends.folder / "aws-config"
    profile.write_text("[default]\nregion = us-east-1\n")
    return moto(backends) | {"AWS_CONFIG_FILE": str(profile), "ALLOW_WRITE": "true"}


def imaging_import(backends):
    return {
        "datastore_id": backends.get("imaging").datastore_id,
        "data_access_role_arn": "arn:aws:iam::111122223333:role/import-role",
        "input_s3_uri": "s3://inbox/a/",
        "output_s3_uri": "s3://results/a/",
    }


def imaging_export(backends):
    request = imaging_import(backends)
    return {name: request[name] for name in ("datastore_id", "data_access_role_arn", "output_s3_uri")}


AWS = (
    Server(
        "healthimaging",
        "awslabs.healthimaging-mcp-server",
        "0.1.1",
        39,
        lambda _: [VENDOR / "awslabs.healthimaging-mcp-server"],
        lambda backends: backends.get("imaging").server_env(),
        (
            Call("start_dicom_import_job", imaging_import, "SUBMITTED"),
            Call("list_datastores", {}, "datastore_summaries"),
        ),
        Call("start_dicom_export_job", imaging_export, "an export"),
    ),
    Server(
        "cloudtrail",
        "awslabs.cloudtrail-mcp-server",
        "0.1.1",
        5,
        lambda _: [VENDOR / "awslabs.cloudtrail-mcp-server"],
        lambda backends: KEYS | {"AWS_ENDPOINT_URL_CLOUDTRAIL": backends.get("cloudtrail")["url"]},
        (
            Call("lookup_events", {"attribute_key": "EventName", "attribute_value": "ConsoleLogin"}, '"ada"'),
            Call("list_event_data_stores", {}, "eventdatastore/0233062b"),
        ),
        Call("lake_query", {"sql": "SELECT eventName FROM 0233062b-51c6-4d18-8dec-a8c90da840d9"}, "FINISHED"),
    ),
    Server(
        "dataprocessing",
        "awslabs.aws-dataprocessing-mcp-server",
        "0.2.2",
        36,
        lambda _: [VENDOR / "awslabs.aws-dataprocessing-mcp-server", "--allow-write", "--allow-sensitive-data-access"],
        moto,
        (
            Call("manage_aws_glue_databases", {"operation": "list-databases"}, "Successfully listed"),
            Call("list_s3_buckets", {"region": "us-east-1"}, "bucket"),
        ),
        Call("upload_to_s3", {"code_content": "print(1)", "bucket_name": "b", "s3_key": "k"}, "b"),
    ),
    Server(
        "prometheus",
        "awslabs.prometheus-mcp-server",
        "0.3.1",
        5,
        lambda _: [VENDOR / "awslabs.prometheus-mcp-server"],
        lambda backends: moto(backends) | {"PROMETHEUS_URL": backends.get("prometheus")},
        (Call("ExecuteQuery", {"query": "vector(42)"}, "42"), Call("GetServerInfo", {}, "us-east-1")),
        Call(
            "ExecuteRangeQuery",
            {"query": "vector(1)", "start": "2026-11-20T00:00:00Z", "end": "2026-11-20T00:01:00Z", "step": "30s"},
            "matrix",
        ),
    ),
    Server(
        "ecs",
        "awslabs.ecs-mcp-server",
        "0.1.37",
        7,
        lambda _: [CACHE / "ecs" / "bin" / "ecs-mcp-server"],
        aws_profile,
        (
            Call(
                "ecs_resource_management",
                {"api_operation": "CreateCluster", "api_params": {"clusterName": "night"}},
                "night",
            ),
            Call("ecs_resource_management", {"api_operation": "ListClusters", "api_params": {}}, "cluster/night"),
        ),
        Call("delete_app", {"service_arn": "arn:aws:ecs:us-east-1:111122223333:service/a", "app_name": "a"}, "a"),
        n_prompts=92,
    ),
)
