"""Reads template.yaml, and rewrites the little that the emulator cannot take as it stands."""

import copy
import json

import yaml

from places import TEMPLATE

CODE_BUCKET = "code"


class _Loader(yaml.SafeLoader):
    """Understands CloudFormation's short tags."""


def _tag(loader, name, node):
    key = name if name in ("Ref", "Condition") else f"Fn::{name}"
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
        return {key: value.split(".", 1) if name == "GetAtt" else value}
    if isinstance(node, yaml.SequenceNode):
        return {key: loader.construct_sequence(node, deep=True)}
    return {key: loader.construct_mapping(node, deep=True)}


_Loader.add_multi_constructor("!", _tag)


def load() -> dict:
    """The template, short tags spelled out."""
    with TEMPLATE.open() as file:
        return yaml.load(file, _Loader)


def functions(template: dict) -> dict[str, dict]:
    """Logical id to resource, of every function."""
    resources = template["Resources"].items()
    return {name: one for name, one in resources if one["Type"] == "AWS::Serverless::Function"}


def binary_name(function: dict) -> str:
    """The package whose binary a function runs."""
    return function["Metadata"]["BuildProperties"]["Binary"]


def events(function: dict, kind: str) -> list[dict]:
    """The properties of a function's triggers of one kind."""
    all_events = function["Properties"].get("Events", {}).values()
    return [event["Properties"] for event in all_events if event["Type"] == kind]


def _code_from_the_bucket(template: dict) -> None:
    del template["Globals"]["Function"]["CodeUri"]
    for function in functions(template).values():
        function["Properties"]["CodeUri"] = {"Bucket": CODE_BUCKET, "Key": f"{binary_name(function)}.zip"}


# Everything that is deployed differently here than on AWS, and why. Routes, CORS and the authorizer
# are not dropped but made after the deploy (routes.py).
REWRITES = (
    (_code_from_the_bucket, "`sam build` is skipped: the binaries that cargo built are run in place"),
)


def for_emulator(template: dict) -> str:
    """The template as the emulator is given it."""
    rewritten = copy.deepcopy(template)
    for rewrite, _reason in REWRITES:
        rewrite(rewritten)
    return json.dumps(rewritten)
