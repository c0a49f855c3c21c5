"""Deploys template.yaml into the emulator."""

import io
import platform
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor

import places
import template as templates
from aws import REGION, Aws
from botocore.exceptions import ClientError
from failure import Failure

STACK = "tributary"
TEMPLATE_KEY = "template.json"


def upload(aws: Aws, template: dict) -> None:
    """Puts the template into the bucket, and a package for each function where the template looks for it."""
    names = [templates.binary_name(function) for function in templates.functions(template).values()]
    missing = [name for name in names if not places.binary(name).is_file()]
    if missing:
        raise Failure(f"not built: {', '.join(missing)} (looked in {places.binaries()})", "run `make build`")
    s3 = aws("s3")
    s3.create_bucket(Bucket=templates.CODE_BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket=templates.CODE_BUCKET, Key=TEMPLATE_KEY, Body=templates.for_emulator(template))
    with ThreadPoolExecutor(4) as pool:
        puts = [
            pool.submit(s3.put_object, Bucket=templates.CODE_BUCKET, Key=f"{name}.zip", Body=package(name))
            for name in names
        ]
        for put in puts:
            put.result()


def package(name: str) -> bytes:
    """A function's package: a `bootstrap` that becomes the binary cargo built.

    The binaries themselves are never packed. Zipped, stored twice in the emulator's memory and
    unpacked again, some forty debug binaries cost more than everything else the stack does.
    """
    bootstrap = zipfile.ZipInfo("bootstrap")
    bootstrap.external_attr = 0o755 << 16
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(bootstrap, f'#!/bin/sh\nexec "{places.binary(name)}"\n')
    return buffer.getvalue()


class Deployment:
    """The stack in the emulator."""

    def __init__(self, aws: Aws):
        self._cloudformation = aws("cloudformation")
        # Too long to be sent along with the request.
        self._template = f"{aws.endpoint}/{templates.CODE_BUCKET}/{TEMPLATE_KEY}"
        self.parameters = {"Architecture": "arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64"}

    def create(self, parameters: dict[str, str]) -> None:
        """Deploys for the first time."""
        self._apply(self._cloudformation.create_stack, parameters)

    def update(self, parameters: dict[str, str]) -> None:
        """Deploys again with further parameters."""
        self._apply(self._cloudformation.update_stack, parameters)

    def outputs(self) -> dict[str, str]:
        """Output key to value."""
        return {one["OutputKey"]: one["OutputValue"] for one in self._describe().get("Outputs", [])}

    def resources(self) -> dict[str, str]:
        """Logical to physical id."""
        resources = self._cloudformation.describe_stack_resources(StackName=STACK)["StackResources"]
        return {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in resources}

    def _apply(self, operation, parameters: dict[str, str]) -> None:
        self.parameters.update(parameters)
        given = [{"ParameterKey": key, "ParameterValue": value} for key, value in self.parameters.items()]
        try:
            operation(
                StackName=STACK,
                TemplateURL=self._template,
                Parameters=given,
                Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
            )
        except ClientError as error:
            raise Failure(f"the deploy was refused: {str(error)[:1000]}", "mend template.yaml") from None
        while (status := self._describe()["StackStatus"]).endswith("_IN_PROGRESS"):
            time.sleep(0.2)
        if status not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
            raise Failure(f"the deploy ended as {status}:\n{self._reasons()}", "mend template.yaml")

    def _describe(self) -> dict:
        return self._cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]

    def _reasons(self) -> str:
        events = self._cloudformation.describe_stack_events(StackName=STACK)["StackEvents"]
        failed = [one for one in events if one["ResourceStatus"].endswith("FAILED")]
        return "\n".join(f"    {one['LogicalResourceId']}: {one.get('ResourceStatusReason')}" for one in failed)
