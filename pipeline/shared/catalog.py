"""Iceberg REST catalog with transactions over several tables: ``POST /v1/{prefix}/transactions/commit``.

pyiceberg commits one table at a time. Here its public ``commit_table`` records what it would send, and one request
sends all of it. Public names of pyiceberg only: tests/architecture says so.
"""

import json
import multiprocessing
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from multiprocessing.pool import ThreadPool
from typing import Any, Literal, override
from urllib.parse import quote

import pyarrow as pa
import requests
from pyiceberg.catalog.rest import Endpoints, RestCatalog, TableResponse
from pyiceberg.catalog.rest.auth import AuthManager, AuthManagerAdapter, AuthManagerFactory
from pyiceberg.exceptions import (
    AuthorizationExpiredError,
    ForbiddenError,
    NoSuchTableError,
    OAuthError,
    RESTError,
    UnauthorizedError,
)
from pyiceberg.io import FileIO, load_file_io
from pyiceberg.partitioning import UNPARTITIONED_PARTITION_SPEC, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table import CommitTableRequest, CommitTableResponse, Table, TableIdentifier
from pyiceberg.table.sorting import UNSORTED_SORT_ORDER, SortOrder
from pyiceberg.table.update import TableRequirement, TableUpdate, update_table_metadata
from pyiceberg.typedef import EMPTY_DICT, Identifier, Properties
from requests import PreparedRequest, Response, Session
from requests.auth import AuthBase

from newslake.pipeline.errors import ConfigError, StoreError
from newslake.pipeline.shared.addresses import is_plain_http
from newslake.pipeline.shared.patience import ProcessLock

ENDPOINT = "POST /v1/{prefix}/transactions/commit"
_PATH = "transactions/commit"
_DELEGATION = {"X-Iceberg-Access-Delegation": "vended-credentials"}
_TOKEN_SECONDS = 60.0  # before its end a token is replaced; also how long one is used whose server names no time
_MISSING = {404, 405, 406, 501}
_FORBIDDEN = (UnauthorizedError, ForbiddenError, AuthorizationExpiredError, OAuthError)
_REFUSED = {400, 401, 403, 404, 405, 406, 419, 422}

# What a login does not change: what its user is doing.
_OF_ONE_CATALOG = {"_changes", "_current", "_is_collecting", "_lock", "_renewing"}

Answer = Literal["committed", "conflict", "unknown"]
"""What came of a transaction. "unknown": no answer, or one of an error within the catalog; it may be in or not."""


class AwsSignature(AuthBase):
    """Signs requests to a catalog with AWS Signature Version 4, as ``rest.sigv4-enabled`` says."""

    def __init__(self, properties: Mapping[str, Any]) -> None:
        try:
            import boto3  # noqa: PLC0415 - it takes 0.3 s, and only signed catalogs need it
        except ModuleNotFoundError as error:
            message = "the catalog wants requests signed as AWS does: pip install boto3"
            raise ConfigError(message, key="catalog", reason="extra_missing") from error
        self._region = properties.get("rest.signing-region") or properties.get("s3.region")
        self._service = properties.get("rest.signing-name", "execute-api")
        self._session = boto3.Session(
            aws_access_key_id=properties.get("client.access-key-id") or properties.get("s3.access-key-id"),
            aws_secret_access_key=properties.get("client.secret-access-key") or properties.get("s3.secret-access-key"),
            aws_session_token=properties.get("client.session-token") or properties.get("s3.session-token"),
            region_name=self._region,
        )

    def credentials(self) -> Any:
        """Return the key. Raises: StoreError if none is set."""
        keys = self._session.get_credentials()
        if keys is None:
            raise StoreError(
                "the catalog wants signed requests, but no key is set: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
                key="catalog",
                reason="store_refused",
            )
        return keys

    @override
    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        from botocore.auth import SigV4Auth  # noqa: PLC0415 - see above
        from botocore.awsrequest import AWSRequest  # noqa: PLC0415

        credentials = self.credentials()
        signed = AWSRequest(method=request.method, url=request.url, data=request.body, headers={"Host": _host(request)})
        SigV4Auth(credentials.get_frozen_credentials(), self._service, self._region).add_auth(signed)
        request.headers.update(dict(signed.headers.items()))
        return request


def _host(request: PreparedRequest) -> str:
    return str(request.url).partition("://")[2].partition("/")[0]


class ClientTokens(AuthManager):
    """Gets tokens from an OAuth2 server for a client id and a secret, and a new one before the last one expires.

    That of pyiceberg gets one token for the life of a catalog, or waits for the server without end.
    """

    def __init__(self, credential: str, *, url: str, scope: str, timeout_seconds: float) -> None:
        self._url = url
        self._timeout_seconds = timeout_seconds
        client, _, secret = credential.rpartition(":")
        self._form = {"grant_type": "client_credentials", "client_secret": secret, "scope": scope}
        self._form |= {"client_id": client} if client else {}
        self._lock = ProcessLock()
        self._token, self._expires_at = "", 0.0

    @override
    def auth_header(self) -> str:
        """Return the header. Raises: requests.RequestException if the server gives no token."""
        with self._lock:
            if time.monotonic() >= self._expires_at:
                response = requests.post(self._url, data=self._form, timeout=self._timeout_seconds)
                response.raise_for_status()
                answer = response.json()
                self._token = answer["access_token"]
                seconds = float(answer.get("expires_in") or _TOKEN_SECONDS)
                self._expires_at = time.monotonic() + seconds - min(_TOKEN_SECONDS, seconds / 2)
            return f"Bearer {self._token}"


def token_url(properties: Mapping[str, Any]) -> str:
    """Return where a catalog gives tokens for a client credential."""
    return properties.get("oauth2-server-uri") or f"{str(properties['uri']).rstrip('/')}/v1/oauth/tokens"


def _with_tokens(properties: Mapping[str, Any], timeout_seconds: float) -> dict[str, Any]:
    """Return properties with which pyiceberg, too, gets its tokens from ``ClientTokens``, if they have a credential."""
    options = dict(properties)
    credential = options.pop("credential", None)
    if credential is None or "auth" in options:
        return options
    arguments = {
        "credential": credential,
        "url": token_url(options),
        "scope": options.get("scope", "catalog"),
        "timeout_seconds": timeout_seconds,
    }
    impl = f"{ClientTokens.__module__}.{ClientTokens.__qualname__}"
    return options | {"auth": {"type": "custom", "impl": impl, "custom": arguments}}


def _auth_of(properties: Mapping[str, Any]) -> AuthBase | None:
    """Return the credentials of requests of this module: the same that pyiceberg takes from these properties."""
    if str(properties.get("rest.sigv4-enabled", "")).lower() == "true":
        return AwsSignature(properties)
    if auth := properties.get("auth"):
        kind = auth["impl"] if auth["type"] == "custom" else auth["type"]
        return AuthManagerAdapter(AuthManagerFactory.create(kind, auth.get(auth["type"], {})))
    return None


class TransactionCatalog(RestCatalog):
    """An Iceberg REST catalog that commits several tables at one instant.

    Its address is encrypted, on this machine, or allowed by ``allow_http``: requests carry a key or a token.
    ``current`` returns the properties of now: with others than before, as after the change of a file with a key, the
    next request logs in again. Raises: ConfigError for another address, StoreError (store_unreachable),
    (store_refused), or (store_version) for a catalog without transactions.
    """

    def __init__(
        self,
        name: str,
        *,
        timeout_seconds: float = 60.0,
        allow_http: bool = False,
        current: Callable[[], Mapping[str, str]] | None = None,
        **properties: str,
    ) -> None:
        _check_addresses(properties, allow_http=allow_http)
        self._timeout = timeout_seconds
        self._allow_http = allow_http
        self._options = properties
        self._current = current
        self._renewing = ProcessLock()
        self._changes: dict[tuple[str, ...], CommitTableRequest] = {}
        self._is_collecting = False
        self._lock = ProcessLock()
        self._ios: dict[str, FileIO] = {}
        with named_errors(properties["uri"]):
            options = _with_tokens(properties, timeout_seconds)
            if isinstance(signature := _auth_of(options), AwsSignature):
                signature.credentials()  # pyiceberg fails without a sentence
            _within(timeout_seconds, lambda: super(TransactionCatalog, self).__init__(name, **options))
            _check_addresses(self.properties, allow_http=allow_http)  # its configuration may name others
            self._requests = Session()
            self._requests.auth = _auth_of(self.properties)
            if token := self.properties.get("token"):
                self._requests.headers["Authorization"] = f"Bearer {token}"
            self._check_endpoint_of_transactions()

    def _log_in_again(self) -> None:
        """Log in with the properties of now, if they are not those of before. Raises: as the class does."""
        if self._current is None:
            return
        options: dict[str, Any] = dict(self._current())
        if options == self._options:
            return
        with self._renewing:
            if options == self._options:  # another thread did it
                return
            renewed = TransactionCatalog(
                self.name, timeout_seconds=self._timeout, allow_http=self._allow_http, **options
            )
            # All at once: another thread must not see the new session with the old address, or half of the properties.
            vars(self).update({name: value for name, value in vars(renewed).items() if name not in _OF_ONE_CATALOG})

    def _check_endpoint_of_transactions(self) -> None:
        """Raises: StoreError for a catalog that says that it has no such endpoint, or does not know its path."""
        params = {"warehouse": self.properties["warehouse"]} if "warehouse" in self.properties else {}
        config = self._requests.get(self.url("config", prefixed=False), params=params, timeout=self._timeout)
        config.raise_for_status()
        endpoints = config.json().get("endpoints")
        if endpoints:
            is_there = any(each.split() == ENDPOINT.split() for each in endpoints)
        else:  # a server of an earlier version of the specification lists none
            is_there = self._post({"table-changes": []}).status_code not in _MISSING
        if not is_there:
            raise StoreError(
                f"the catalog at {self.uri} has no endpoint {ENDPOINT}, so it cannot commit several tables at one "
                "instant; use a catalog that has it, such as Lakekeeper, Polaris, Nessie or SeaweedFS",
                key=self.uri,
                reason="store_version",
            )

    @override
    def load_table(self, identifier: str | Identifier) -> Table:
        """Return a table as it is now. The request of pyiceberg waits for an answer without end.

        Raises: NoSuchTableError, StoreError (store_unreachable) for no answer or an error within the catalog.
        """
        *namespace, name = self.identifier_to_tuple(identifier)
        folder = "\x1f".join(quote(each, safe="") for each in namespace)
        self._log_in_again()
        url = self.url(Endpoints.load_table, namespace=folder, table=quote(name, safe=""))
        try:
            response = self._requests.get(url, headers=_DELEGATION, timeout=self._timeout)
            response.raise_for_status()
        except requests.RequestException as error:
            status = _status_of(error)
            if status == requests.codes.not_found:
                raise NoSuchTableError(f"{self.uri} has no table {name}") from error
            if status in _REFUSED:
                message = f"the catalog at {self.uri} refuses to give the table {name} ({error}); {_advice_for(status)}"
                raise StoreError(message, key=self.uri, reason="store_refused") from error
            message = f"the catalog at {self.uri} does not give the table {name} ({error}); try again when it is up"
            raise StoreError(message, key=self.uri, reason="store_unreachable") from error
        answer = TableResponse.model_validate_json(response.text)
        return Table(
            identifier=(*namespace, name),
            metadata=answer.metadata,
            metadata_location=answer.metadata_location or "",
            io=self._io_of(answer),
            catalog=self,
            config=answer.config,
        )

    def _io_of(self, answer: TableResponse) -> FileIO:
        """Return the file access of a table, the same for tables with equal configurations and keys."""
        location = answer.metadata_location or ""
        granted = [each for each in answer.storage_credentials if location.startswith(each.prefix)]
        keys = max(granted, key=lambda each: len(each.prefix)).config if granted else {}
        options = {**self.properties, **answer.config, **keys}
        known = json.dumps(options, sort_keys=True, default=str)
        if known not in self._ios:
            self._ios = {known: load_file_io(options, location)}
        return self._ios[known]

    # pyiceberg's requests have no limit of time.

    @override
    def create_namespace(self, namespace: str | Identifier, properties: Properties = EMPTY_DICT) -> None:
        self._log_in_again()
        _within(self._timeout, lambda: super(TransactionCatalog, self).create_namespace(namespace, properties))

    @override
    def load_namespace_properties(self, namespace: str | Identifier) -> Properties:
        self._log_in_again()
        return _within(self._timeout, lambda: super(TransactionCatalog, self).load_namespace_properties(namespace))

    @override
    def list_tables(self, namespace: str | Identifier) -> list[Identifier]:
        self._log_in_again()
        return _within(self._timeout, lambda: super(TransactionCatalog, self).list_tables(namespace))

    @override
    def create_table(
        self,
        identifier: str | Identifier,
        schema: Schema | pa.Schema,
        location: str | None = None,
        partition_spec: PartitionSpec = UNPARTITIONED_PARTITION_SPEC,
        sort_order: SortOrder = UNSORTED_SORT_ORDER,
        properties: Properties = EMPTY_DICT,
    ) -> Table:
        self._log_in_again()
        create: Callable[[], Table] = partial(
            super().create_table, identifier, schema, location, partition_spec, sort_order, properties
        )
        return _within(self._timeout, create)

    def _post(self, body: Mapping[str, Any]) -> Response:
        return self._requests.post(self.url(_PATH), json=body, timeout=self._timeout)

    @contextmanager
    def collecting(self) -> Iterator[None]:
        """Record the commits of single tables in the block, where ``send`` sends them.

        One thread at a time is in such a block.
        """
        with self._lock:
            self._changes, self._is_collecting = {}, True
            try:
                yield
            finally:
                self._is_collecting = False

    @override
    def commit_table(
        self, table: Table, requirements: tuple[TableRequirement, ...], updates: tuple[TableUpdate, ...]
    ) -> CommitTableResponse:
        if not self._is_collecting:
            self._log_in_again()
            answer: CommitTableResponse = super().commit_table(table, requirements, updates)
            return answer
        *namespace, name = table.name()
        key = tuple(table.name())
        earlier = self._changes.get(key)
        self._changes[key] = CommitTableRequest(
            identifier=TableIdentifier(namespace=tuple(namespace), name=name),
            # A later step builds on the first: only the requirements of the first hold before the transaction.
            requirements=earlier.requirements if earlier else requirements,
            updates=(*earlier.updates, *updates) if earlier else updates,
        )
        metadata = update_table_metadata(table.metadata, updates)
        return CommitTableResponse(metadata=metadata, **{"metadata-location": table.metadata_location})

    def send(self, *, first: str) -> Answer:
        """Send the recorded commits as one transaction, a table first, then by name; return what came of it.

        Raises: StoreError (store_refused) with the words of the catalog, if it refuses the request for good.
        """
        changes = [
            json.loads(self._changes[name].model_dump_json())
            for name in sorted(self._changes, key=lambda name: (name[-1] != first, name))
        ]
        self._log_in_again()
        try:
            response = self._post({"table-changes": changes})
        except requests.RequestException:
            return "unknown"
        if response.ok:
            return "committed"
        if response.status_code == requests.codes.conflict:
            return "conflict"
        if response.status_code in _REFUSED:
            said = f"{response.status_code}: {_message_of(response)}"
            message = f"the catalog at {self.uri} refuses a transaction ({said}); {_advice_for(response.status_code)}"
            raise StoreError(message, key=self.uri, reason="store_refused")
        return "unknown"


def _check_addresses(properties: Mapping[str, Any], *, allow_http: bool) -> None:
    """Raises: ConfigError for an address that a key or a token is not to be sent to."""
    for name in ("uri", "oauth2-server-uri"):
        if name in properties:
            is_plain_http(str(properties[name]), what="the catalog", allow_http=allow_http)


def _within[T](seconds: float, call: Callable[[], T]) -> T:
    """Return the result of a call. Raises: requests.Timeout when it takes longer; its thread goes on until it ends."""
    pool = ThreadPool(1)  # its thread does not keep the process alive
    try:
        return pool.apply_async(call).get(seconds)
    except multiprocessing.TimeoutError as error:
        raise requests.Timeout(f"no answer in {seconds:.0f} s") from error
    finally:
        pool.close()


@contextmanager
def named_errors(uri: str) -> Iterator[None]:
    """Raises: StoreError for every error of a catalog in the block."""
    try:
        yield
    except (requests.ConnectionError, requests.Timeout) as error:
        message = f"the catalog at {uri} does not answer; start it, or correct its URL ({type(error).__name__})"
        raise StoreError(message, key=uri, reason="store_unreachable") from error
    except (RESTError, requests.RequestException, RuntimeError, ValueError) as error:
        advice = _advice_for(requests.codes.forbidden if isinstance(error, _FORBIDDEN) else _status_of(error))
        said = " ".join(str(error).split()).replace("; ", ", ")  # what follows a semicolon is what to do
        message = f"the catalog at {uri} refuses: {said}; {advice}"
        raise StoreError(message, key=uri, reason="store_refused") from error


def _status_of(error: Exception) -> int | None:
    """Return the status of the response to which an error belongs; None without one."""
    response = error.response if isinstance(error, requests.RequestException) else None
    return None if response is None else response.status_code


def _advice_for(status: int | None) -> str:
    """Return what to do about a refusal."""
    if status in (requests.codes.unauthorized, requests.codes.forbidden):
        return "correct its credential in the file of NEWS_CATALOG_PROPERTIES_FILE, or grant the rights to its user"
    return "check its URL, its warehouse, and the rights of the key"


def _message_of(response: Response) -> str:
    """Return the message of an error, as the specification forms it; else the first words of the body."""
    try:
        return str(response.json()["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return response.text[:200]
