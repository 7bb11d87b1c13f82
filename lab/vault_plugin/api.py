"""Vault's API as the published plugin uses it: the same methods, and errors in the words of Vault's own Go client."""

from typing import Any

import requests

Fields = dict[str, Any]


class ApiError(Exception):
    """Vault refused a request. The text is that of https://github.com/hashicorp/vault/blob/main/api/response.go."""

    def __init__(self, response: requests.Response) -> None:
        self.status = response.status_code
        request = f"URL: {response.request.method} {response.request.url}"
        reasons = "".join(f"* {reason}" for reason in _answer(response).get("errors") or [])
        super().__init__(f"Error making API request.\n\n{request}\nCode: {self.status}. Errors:\n\n{reasons}")


class VaultApi:
    """One Vault address and token; asks about the token once, before the first request."""

    def __init__(self, address: str, token: str | None, ca_file: str | None) -> None:
        self._address, self._verify = address.rstrip("/"), ca_file or True
        self._session = requests.Session()
        self._session.headers["X-Vault-Token"] = token or ""
        self._is_known = False

    def read(self, path: str) -> Fields | None:
        """Return the data at a path; None where Vault has nothing there. Raises ApiError."""
        try:
            return self._call("GET", path).get("data")
        except ApiError as problem:
            if problem.status == requests.codes.not_found:
                return None
            raise

    def write(self, path: str, data: Fields, method: str = "PUT") -> Fields:
        """Return the data of the answer, which may be none. Raises ApiError."""
        return self._call(method, path, data).get("data") or {}

    def delete(self, path: str) -> None:
        """Raises ApiError."""
        self._call("DELETE", path)

    def _call(self, method: str, path: str, data: Fields | None = None) -> Fields:
        if not self._is_known:
            self._look_up_token()
        return self._send(method, path, data)

    def _look_up_token(self) -> None:
        self._send("GET", "auth/token/lookup-self", None)
        self._is_known = True

    def _send(self, method: str, path: str, data: Fields | None) -> Fields:
        url = f"{self._address}/v1/{path}"
        response = self._session.request(method, url, json=data, verify=self._verify, timeout=60)
        if not response.ok:
            raise ApiError(response)
        return _answer(response)


def _answer(response: requests.Response) -> Fields:
    return response.json() if response.content else {}
