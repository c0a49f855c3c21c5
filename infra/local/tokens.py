"""Users of the emulated Cognito pool, and their ID tokens."""

import secrets

from aws import Aws

PASSWORD = "Local-" + secrets.token_urlsafe(12) + "-1a"


class Users:
    """Makes users in one user pool."""

    def __init__(self, aws: Aws, pool: str, client: str, admin_group: str = "admin"):
        self._cognito = aws("cognito-idp")
        self._pool = pool
        self._client = client
        self._admin_group = admin_group

    def token(self, email: str, admin: bool = False) -> str:
        """An ID token of the user with this verified address, who is made if need be."""
        user = {"UserPoolId": self._pool, "Username": email}
        try:
            self._cognito.admin_create_user(
                **user,
                MessageAction="SUPPRESS",
                UserAttributes=[{"Name": "email", "Value": email}, {"Name": "email_verified", "Value": "true"}],
            )
        except self._cognito.exceptions.UsernameExistsException:
            pass
        self._cognito.admin_set_user_password(**user, Password=PASSWORD, Permanent=True)
        if admin:
            self._cognito.admin_add_user_to_group(**user, GroupName=self._admin_group)
        answer = self._cognito.admin_initiate_auth(
            UserPoolId=self._pool,
            ClientId=self._client,
            AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": email, "PASSWORD": PASSWORD},
        )
        return answer["AuthenticationResult"]["IdToken"]
