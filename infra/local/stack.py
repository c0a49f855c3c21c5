"""The local stack: emulator, payment world and the deployed template, from start to end."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import deploy
import places
import routes
import template as templates
from aws import CREDENTIALS, REGION, Aws
from failure import Failure
from processes import Processes, wait_for
from tokens import Users

LOGS = ("emulator", "payment-world", "functions")


class Stack:
    """`with Stack() as stack:` has the system running inside the block, and nothing after it."""

    def __init__(self, details: Path = places.DETAILS, label: str = "up", quiet: bool = False):
        """`label` keeps the logs of this stack apart from those of another one of the same checkout."""
        self._details_file = details
        self._logs = {name: places.LOCAL / f"{label}-{name}.log" for name in LOGS}
        self._quiet = quiet
        self._processes = Processes()
        self._folder: Path | None = None
        self.details: dict = {}

    def __enter__(self) -> "Stack":
        places.LOCAL.mkdir(exist_ok=True)
        self._folder = Path(tempfile.mkdtemp(prefix="run-", dir=places.LOCAL))
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_) -> None:
        # An impatient second Ctrl-C must not cut the clean-up short.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
        self._details_file.unlink(missing_ok=True)
        self._processes.stop()
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT, signal.SIGTERM})

    def run(self, command: list[str]) -> int:
        """Runs a command that finds this stack; answers its status."""
        status = self._processes.run(command, {**os.environ, places.STACK_VARIABLE: str(self._details_file)})
        if status != 0:
            self.save_function_log()
            self._say(f"{command[0]} ended with status {status}; what the functions said: {self._logs['functions']}")
        return status

    def save_function_log(self) -> None:
        """Writes down what the functions said so far, which the emulator forgets when it ends."""
        pages = Aws(self.details["aws_endpoint"])("logs").get_paginator("filter_log_events")
        with self._logs["functions"].open("w") as file:
            for page in pages.paginate(logGroupName=self.details["outputs"]["FunctionLogGroupName"]):
                for event in page["events"]:
                    print(event["message"].rstrip(), file=file)

    def users(self) -> Users:
        """Makes users and tokens of this stack."""
        return users(self.details)

    def _start(self) -> None:
        began = time.monotonic()
        world = self._start_payment_world()
        endpoint = self._start_emulator()
        aws, template = Aws(endpoint), templates.load()
        self._say("deploying template.yaml")
        deploy.upload(aws, template)
        deployment = deploy.Deployment(aws)
        deployment.create({"StripeApiUrl": world, "PaypalApiUrl": world})
        outputs = deployment.outputs()
        api = f"{endpoint}/_aws/execute-api/{outputs['ApiId']}/$default"
        # Both addresses contain an id that is known only now. On AWS neither needs to be given: there the
        # host of a request is the API's own, and the keys are at a public address.
        deployment.update(
            {"LinkBaseUrl": f"{api}/r", "OidcJwksUrl": f"{endpoint}/{outputs['UserPoolId']}/.well-known/jwks.json"}
        )
        resources = deployment.resources()
        count = routes.create(aws, template, resources, deployment.parameters)
        _fill_provider_secret(aws, outputs["ProviderSecretArn"])
        names = {name: resources[name] for name in templates.functions(template)}
        self._write_details(endpoint, api, world, outputs, names)
        self._say(f"{count} routes at {api} after {time.monotonic() - began:.1f} s")

    def _start_payment_world(self) -> str:
        log = self._logs["payment-world"]
        # Its standard input stays open for as long as we live: it ends by itself when we do.
        command = [str(places.binary("payment-world")), "--port", "0", "--until-stdin-closes"]
        child = self._processes.start(command, dict(os.environ), log, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        line = child.stdout.readline()
        if not line:
            wait_for("payment-world", lambda: False, child, log, seconds=5)
        return json.loads(line)["url"]

    def _start_emulator(self) -> str:
        self._say("starting the AWS emulator")
        program = Path(sys.executable).with_name("ministack")
        if not program.exists():
            raise Failure(f"{program} does not exist", "run `make setup`, and start this by `make up`")
        port = _free_port()
        endpoint = f"http://127.0.0.1:{port}"
        log = self._logs["emulator"]
        child = self._processes.start([str(program)], self._emulator_environment(port, endpoint), log)
        wait_for("the AWS emulator", lambda: _answers(f"{endpoint}/_ministack/health"), child, log)
        return endpoint

    def _emulator_environment(self, port: int, endpoint: str) -> dict[str, str]:
        # The functions inherit this environment: neither the user's variables nor ~/.aws may leak into it.
        kept = {key: os.environ[key] for key in ("PATH", "LANG", "RUST_LOG", "RUST_BACKTRACE") if key in os.environ}
        return kept | {
            "GATEWAY_PORT": str(port),
            "BIND_HOST": "127.0.0.1",
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_DEFAULT_REGION": REGION,
            "MINISTACK_REGION": REGION,
            "AWS_ACCESS_KEY_ID": CREDENTIALS["aws_access_key_id"],
            "AWS_SECRET_ACCESS_KEY": CREDENTIALS["aws_secret_access_key"],
            "HOME": str(self._folder),
            "TMPDIR": str(self._folder),
            # It would listen on a fixed port, where a second stack fails.
            "IOT_MTLS_ENABLED": "0",
            # Each function may do what its policy in the template says, and nothing else.
            "AUTH": "true",
        }

    def _write_details(self, endpoint: str, api: str, world: str, outputs: dict, names: dict) -> None:
        self.details = {
            "pid": os.getpid(),
            "api_url": api,
            "aws_endpoint": endpoint,
            "aws_region": REGION,
            "payment_world_url": world,
            "outputs": outputs,
            "functions": names,
            "logs": [str(log) for log in self._logs.values()],
        }
        self.details["admin_token"] = self.users().token("admin@example.com", admin=True)
        # Tests wait for this file: it appears whole or not at all.
        partial = self._details_file.with_suffix(".partial")
        partial.write_text(json.dumps(self.details, indent=2) + "\n")
        partial.replace(self._details_file)

    def _say(self, text: str) -> None:
        if not self._quiet:
            print(f"local stack: {text}", file=sys.stderr, flush=True)


def users(details: dict) -> Users:
    """Makes users and tokens of the stack that these details describe."""
    outputs = details["outputs"]
    return Users(Aws(details["aws_endpoint"]), outputs["UserPoolId"], outputs["UserPoolClientId"])


def _fill_provider_secret(aws: Aws, secret: str) -> None:
    keys = {"stripe_secret_key": "sk_test_local", "paypal_client_id": "local", "paypal_client_secret": "local"}
    aws("secretsmanager").put_secret_value(SecretId=secret, SecretString=json.dumps(keys))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return answer.status == 200
    except OSError:
        return False
