"""boto3 clients that talk to the emulator and to nothing else."""

import boto3
from botocore.config import Config

REGION = "eu-central-1"
# Twelve digits are an account of the emulator's; no real credential is ever read.
CREDENTIALS = {"aws_access_key_id": "000000000000", "aws_secret_access_key": "local"}


class Aws:
    """Makes clients for one emulator, each service's once."""

    def __init__(self, endpoint: str):
        self.endpoint = endpoint
        self._clients: dict = {}

    def __call__(self, service: str):
        if service not in self._clients:
            self._clients[service] = boto3.client(
                service,
                endpoint_url=self.endpoint,
                region_name=REGION,
                # A slow answer must not be asked for twice: creating a route is not idempotent.
                config=Config(retries={"total_max_attempts": 1}, read_timeout=60),
                **CREDENTIALS,
            )
        return self._clients[service]
