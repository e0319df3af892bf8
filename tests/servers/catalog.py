"""Every real server that is run, in the order of the table."""

from aws import AWS
from reference import REFERENCE

SERVERS = (*AWS, *REFERENCE)
