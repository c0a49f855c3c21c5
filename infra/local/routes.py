"""Makes the HTTP API's routes, CORS and authorizer.

SAM puts them into the OpenAPI body of the API, which the emulator ignores: the stack would stand and
every path be 404. They are read from the same template here and made by the API's own calls.
"""

from aws import REGION, Aws
from template import events, functions

API = "Api"


def create(aws: Aws, template: dict, resources: dict[str, str], parameters: dict[str, str]) -> int:
    """Makes every route of the template; answers how many."""
    gateway, api_id = aws("apigatewayv2"), resources[API]
    settings = template["Resources"][API]["Properties"]
    gateway.update_api(ApiId=api_id, CorsConfiguration=_cors(settings["CorsConfiguration"], template, parameters))
    authorizer = _authorizer(gateway, api_id, settings["Auth"], resources)
    count = 0
    for logical_id, function in functions(template).items():
        for event in events(function, "HttpApi"):
            _route(gateway, api_id, event, _arn(resources[logical_id]), authorizer)
            count += 1
    return count


def _arn(function_name: str) -> str:
    return f"arn:aws:lambda:{REGION}:000000000000:function:{function_name}"


def _cors(settings: dict, template: dict, parameters: dict[str, str]) -> dict:
    origins = settings["AllowOrigins"]["Ref"]
    value = parameters.get(origins, template["Parameters"][origins]["Default"])
    return {**settings, "AllowOrigins": value.split(",")}


def _authorizer(gateway, api_id: str, auth: dict, resources: dict[str, str]) -> str:
    name = auth["DefaultAuthorizer"]
    settings = auth["Authorizers"][name]
    function = resources[settings["FunctionArn"]["Fn::GetAtt"][0]]
    made = gateway.create_authorizer(
        ApiId=api_id,
        Name=name,
        AuthorizerType="REQUEST",
        AuthorizerUri=f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{_arn(function)}/invocations",
        AuthorizerPayloadFormatVersion=settings["AuthorizerPayloadFormatVersion"],
        EnableSimpleResponses=settings["EnableSimpleResponses"],
        IdentitySource=[f"$request.header.{header}" for header in settings["Identity"]["Headers"]],
        AuthorizerResultTtlInSeconds=settings["Identity"]["ReauthorizeEvery"],
    )
    return made["AuthorizerId"]


def _route(gateway, api_id: str, event: dict, function_arn: str, authorizer: str) -> None:
    integration = gateway.create_integration(
        ApiId=api_id, IntegrationType="AWS_PROXY", IntegrationUri=function_arn, PayloadFormatVersion="2.0"
    )
    public = event.get("Auth", {}).get("Authorizer") == "NONE"
    guard = {} if public else {"AuthorizationType": "CUSTOM", "AuthorizerId": authorizer}
    gateway.create_route(
        ApiId=api_id,
        RouteKey=f"{event['Method'].upper()} {event['Path']}",
        Target=f"integrations/{integration['IntegrationId']}",
        **guard,
    )
