"""Vault's API as the published plugin uses it: the same methods, and errors in the words of Vault's own Go client."""

from typing import Any

import requests

Fields = dict[str, Any]
NO_MOUNT = "No secret engine mount at"
"""Vault's error, with status 400, for a mount that does not exist."""


class ApiError(Exception):
    """Vault refused a request. The text is that of https://github.com/hashicorp/vault/blob/main/api/response.go."""

    def __init__(self, response: requests.Response) -> None:
        self.status, self.reasons = response.status_code, _answer(response).get("errors") or []
        request = f"URL: {response.request.method} {response.request.url}"
        reasons = "".join(f"* {reason}" for reason in self.reasons)
        super().__init__(f"Error making API request.\n\n{request}\nCode: {self.status}. Errors:\n\n{reasons}")

    @property
    def says_gone(self) -> bool:
        """Return True for a response that means an absent resource."""
        return self.status == requests.codes.not_found or any(NO_MOUNT in reason for reason in self.reasons)


class TokenRefusedError(Exception):
    """Vault refused to identify the token, so that the plugin can do nothing."""


class VaultApi:
    """A Vault address with a token; its first request is preceded by a look-up of the token."""

    def __init__(self, address: str, token: str | None, ca_file: str | None) -> None:
        self._address, self._verify = address.rstrip("/"), ca_file or True
        self._session = requests.Session()
        self._session.headers["X-Vault-Token"] = token or ""
        self._knows_token = False

    def read(self, path: str) -> Fields | None:
        """Return the data at a path; None where Vault has nothing there. Raises ApiError and TokenRefusedError."""
        try:
            return self._call("GET", path)["data"]
        except ApiError as problem:
            if problem.says_gone:
                return None
            raise

    def write(self, method: str, path: str, data: Fields) -> Fields:
        """Return the data of the answer, which may be none. Raises as `read` does."""
        return self._call(method, path, data).get("data") or {}

    def delete(self, path: str) -> None:
        """Delete the data at a path. Raises as `read` does."""
        self._call("DELETE", path)

    def _call(self, method: str, path: str, data: Fields | None = None) -> Fields:
        if not self._knows_token:
            self._look_up_token()
        return self._send(method, path, data)

    def _look_up_token(self) -> None:
        try:
            self._send("GET", "auth/token/lookup-self", None)
        except ApiError as problem:
            raise TokenRefusedError(f"failed to lookup token, err={problem}") from None
        self._knows_token = True

    def _send(self, method: str, path: str, data: Fields | None) -> Fields:
        url = f"{self._address}/v1/{path}"
        response = self._session.request(method, url, json=data, verify=self._verify, timeout=60)
        if not response.ok:
            raise ApiError(response)
        return _answer(response)


def _answer(response: requests.Response) -> Fields:
    return response.json() if response.content else {}
