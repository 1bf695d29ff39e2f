"""Objects in a bucket of an S3-compatible object store, through obstore."""

import os
import re
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import S3Store

from newslake.pipeline.errors import ConfigError, StoreError
from newslake.pipeline.shared.addresses import is_plain_http
from newslake.pipeline.shared.credentials import BucketKey, KeySource, key_of
from newslake.pipeline.shared.patience import Wait

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig

KEY_MAX_BYTES = 1024  # of S3
_SEGMENT_MAX_BYTES = 255  # of file systems
_FORBIDDEN = frozenset("\\\x7f\ufffe\uffff") | {chr(number) for number in range(32)}  # also what XML cannot have
_CHUNK = 1 << 23
_CHECKS = ".newslake-check"  # a key has no segment that begins with a dot, so no listing shows it
_FIRST_PAUSE_SECONDS = 0.1
_STATUS = re.compile(r"non-2xx status code: (\d{3})")
_NO_VERSION = (None, "null")  # "null": versioning is suspended, and an overwritten or deleted object is gone
_CODE = re.compile(r"<Code>(\w+)</Code>|\(code: (\w+)\)")
_NO_REQUEST = "builder error"  # of a client that refuses plain HTTP
_ROLE_REQUEST = "/latest/api/token"  # to the service that gives a machine of AWS its key
_RETRIED_STATUS = frozenset({408, 425, 429, 500, 502, 503, 504})
_RETRIED_CODES = frozenset({None, "InternalError", "ServiceUnavailable", "SlowDown"})  # of one key in a batch
_CORRECT = "correct the file of NEWS_OBJECTS_KEY_FILE, or"
_GIVE_KEY = "set NEWS_OBJECTS_KEY_FILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
# Codes of S3's error answers, with the reason and what to do.
_ADVICE = {
    "NoSuchBucket": ("store_bucket_missing", "there is no such bucket; create it, or correct its setting"),
    "SignatureDoesNotMatch": ("store_key_wrong", f"the secret key is wrong; {_CORRECT} AWS_SECRET_ACCESS_KEY"),
    "InvalidAccessKeyId": ("store_key_wrong", f"the access key is unknown; {_CORRECT} AWS_ACCESS_KEY_ID"),
    "ExpiredToken": ("store_key_wrong", "the session of the key has expired; get a new one"),
    "AccessDenied": ("store_forbidden", "the key has no right to do this; grant it"),
    "RequestTimeTooSkewed": ("store_clock", "the clocks of this machine and the store differ; synchronise them"),
    "QuotaExceeded": ("store_full", "the quota of the bucket is used up; raise it"),
    "XMinioStorageFull": ("store_full", "the disk of the store is full; add space"),
    "EntityTooLarge": ("store_refused", "the object is too large; seal smaller files"),
}


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """What a listing says of an object. ``size`` is in bytes, ``modified_at`` the time of its last put, in UTC."""

    key: str
    size: int
    modified_at: datetime


@dataclass(frozen=True, slots=True)
class BucketService:
    """Where a bucket is, and how long to wait for it.

    Without ``endpoint`` it is AWS. Plain HTTP is for loopback, and for all endpoints with ``allow_http``. Each call is
    repeated up to ``deadline_seconds`` while the store is away; one request may take ``request_seconds``.
    """

    endpoint: str | None = None
    region: str | None = None
    allow_http: bool = False
    deadline_seconds: float = 120.0
    request_seconds: float = 60.0

    @property
    def put_seconds(self) -> float:
        """The longest time from the begin of a put to its end: its last request may begin just before the deadline."""
        return self.deadline_seconds + self.request_seconds


_USERS: list[int] = []  # the process whose threads obstore has: the first that made a request


def is_forked() -> bool:
    """Return whether obstore was used before this process was forked: its threads are not here, so it never answers."""
    return bool(_USERS) and _USERS[0] != os.getpid()


def open_bucket(
    url: str, *, service: BucketService | None = None, key: KeySource = None, is_writer: bool = True
) -> "Bucket":
    """Return the bucket of ``s3://bucket/prefix``, after a check that it can be used.

    Without ``key`` the variables AWS_ACCESS_KEY_ID and their like are used, or the role of the machine.
    Raises: ConfigError for a wrong URL, StoreError if the store cannot be used.
    """
    at = service or BucketService()
    connect = partial(_connect, url, at)
    bucket = Bucket(connect, key=key, url=url.rstrip("/"), deadline_seconds=at.deadline_seconds)
    bucket.check(is_writer=is_writer)
    return bucket


def _connect(url: str, at: BucketService, key: BucketKey | None) -> S3Store:
    """Return a client. Raises: ConfigError."""
    name, prefix = _split_url(url)
    request = timedelta(seconds=at.request_seconds)
    client: ClientConfig = {"timeout": request, "connect_timeout": timedelta(seconds=5), "allow_http": False}
    options: dict[str, Any] = {} if key is None else _key_options(key)
    if at.endpoint is not None:
        client["allow_http"] = is_plain_http(at.endpoint, what="the object storage", allow_http=at.allow_http)
        options["endpoint"] = at.endpoint
        options["metadata_endpoint"] = at.endpoint  # without a key, no request leaves for the service of AWS's machines
    if at.region is not None:
        options["region"] = at.region
    try:
        retry: RetryConfig = {"max_retries": 0, "retry_timeout": request}
        return S3Store(name, prefix=prefix or None, client_options=client, retry_config=retry, **options)
    except BaseError as error:
        message = f"{url} cannot be opened ({_first_line(error)}); correct its settings"
        raise ConfigError(message, key=url, reason="store_url") from None


class Bucket:
    """The objects of a bucket: bytes under a key, whole or not there. For several threads, but not after a fork.

    A key has segments between slashes, each with 1 to 255 bytes of UTF-8, which do not begin with a dot, and no
    backslash, control character or noncharacter. No key is the folder of another key: the names that callers choose
    ensure it. ``connect`` returns a client with a key of the service: another one once the file with it has another.
    Every method raises StoreError if the service fails, and for a key of another form (store_key_invalid).
    """

    def __init__(
        self,
        connect: Callable[[BucketKey | None], S3Store],
        *,
        key: KeySource,
        url: str,
        deadline_seconds: float,
    ) -> None:
        self._connect = connect
        self._key = key
        self._client = (key_of(key), connect(key_of(key)))
        self.url = url
        self._deadline_seconds = deadline_seconds

    @property
    def _store(self) -> S3Store:
        """The client with the key of now. Raises: StoreError (store_forked)."""
        if is_forked():
            message = f"{self.url} was used before this process was forked; start it by spawn or forkserver"
            raise StoreError(message, key=self.url, reason="store_forked")
        if not _USERS:
            _USERS.append(os.getpid())
        if (key := key_of(self._key)) != self._client[0]:
            self._client = (key, self._connect(key))
        return self._client[1]

    def check(self, *, is_writer: bool) -> None:
        """Check bucket, key and rights; for a writer also that the store puts an object only if it is new.

        Raises: StoreError, with store_no_conditions if the store ignores If-None-Match, and store_versions if it keeps
        the bytes of deleted objects.
        """
        if not is_writer:
            self._call("", lambda: next(iter(obstore.list(self._store, chunk_size=1)), None))
            return
        key = f"{_CHECKS}/{uuid.uuid4().hex}"
        with suppress(AlreadyExistsError):  # of this put, after an answer that was lost
            self._create(key, b"1")
        try:
            if self._call(key, lambda: obstore.head(self._store, key))["version"] not in _NO_VERSION:
                message = f"{self.url} keeps versions, so that a takedown would not delete; suspend its versioning"
                raise StoreError(message, key=self.url, reason="store_versions")
            with suppress(AlreadyExistsError):
                self._create(key, b"2")
                message = f"{self.url} ignores If-None-Match, so that writers could overwrite; use another store"
                raise StoreError(message, key=self.url, reason="store_no_conditions")
        finally:
            with suppress(StoreError):
                self._call(key, lambda: obstore.delete(self._store, key))

    def check_reading(self) -> None:
        """Check with one object that ranges are read, that it is listed, and that it is gone once it is deleted.

        Raises: StoreError (store_refused) for a store that does something else.
        """
        folder = f"{_CHECKS}/{uuid.uuid4().hex}"
        key = f"{folder}/abc"
        self._call(key, lambda: obstore.put(self._store, key, b"abc", use_multipart=False), is_write=True)
        try:
            results = {
                "return ranges of bytes": self._call(key, lambda: self._range(key, 1, 1)) == b"b",
                "list its objects": self._keys(folder) == [key],
            }
        finally:
            self._call(key, lambda: obstore.delete(self._store, key))
        results["delete objects"] = self._keys(folder) == []
        if wrong := [name for name, is_right in results.items() if not is_right]:
            message = f"{self.url} does not {wrong[0]} as S3 does; use another store, or no cache in front of it"
            raise StoreError(message, key=self.url, reason="store_refused")

    def now(self) -> datetime:
        """Return the time by the clock of the store, exact to a second, by putting an object."""
        key = f"{_CHECKS}/{uuid.uuid4().hex}"
        self._call(key, lambda: obstore.put(self._store, key, b"now", use_multipart=False), is_write=True)
        try:
            return self._call(key, lambda: obstore.head(self._store, key))["last_modified"]
        finally:
            self._call(key, lambda: obstore.delete(self._store, key))

    def _keys(self, folder: str) -> "list[str]":
        pages = self._call(folder, lambda: list(obstore.list(self._store, folder)))
        return [each["path"] for page in pages for each in page]

    def put_new(self, key: str, data: bytes) -> bool:
        """Store an object if the key has none; return whether the key has these bytes afterwards.

        It is also true if an earlier put stored the same bytes, as after an answer that was lost. So of several
        writers only one wins, if their bytes differ.
        """
        check_key(key)
        end = time.monotonic() + self._deadline_seconds
        while time.monotonic() < end:
            try:
                self._create(key, data)
            except AlreadyExistsError:
                if (held := self.get(key)) is not None:
                    return held == data
                time.sleep(_FIRST_PAUSE_SECONDS)  # the other put is not done, or its object is deleted again
            else:
                return True
        message = f"{self._place(key)} exists and does not exist; try again"
        raise StoreError(message, key=self._place(key), reason="store_conflict")

    def put(self, key: str, data: bytes) -> None:
        """Store or replace an object. A reader sees the old bytes or the new ones."""
        check_key(key)
        self._call(key, lambda: obstore.put(self._store, key, data, use_multipart=False), is_write=True)

    def get(self, key: str) -> bytes | None:
        """Return the bytes of an object, or None if there is no such object."""
        check_key(key)
        return self._find(key, lambda: bytes(obstore.get(self._store, key).bytes()))

    def get_range(self, key: str, *, offset: int, length: int) -> bytes | None:
        """Return ``length`` bytes from ``offset`` on, fewer at the end of the object; None if there is no object.

        Raises: ValueError if one of both is negative.
        """
        check_key(key)
        check_range(offset, length)
        if length == 0:
            return None if self.info(key) is None else b""
        return self._find(key, lambda: self._range(key, offset, length))

    def read_chunks(self, key: str) -> Iterator[bytes] | None:
        """Return the bytes of an object in pieces of some megabytes, or None. The object must not be replaced."""
        info = self.info(key)
        return None if info is None else self._chunks(info)

    def info(self, key: str) -> ObjectInfo | None:
        """Return what the store says of an object, or None if there is no such object."""
        check_key(key)
        head = self._find(key, lambda: obstore.head(self._store, key))
        return None if head is None else ObjectInfo(key, head["size"], head["last_modified"])

    def list(self, folder: str = "", *, is_deep: bool = True) -> Iterator[ObjectInfo]:
        """Yield the objects whose keys begin with a folder and a slash, all without one, by the bytes of the key.

        Without ``is_deep``, only those in the folder itself: the rest of their key has no slash.
        A store may list an object late, or for a while after its end. Keys of another form are left out. All names
        are in memory before the first is returned.
        """
        prefix = check_key(folder) if folder else None
        if is_deep:
            metas = [
                meta for page in self._call(folder, lambda: list(obstore.list(self._store, prefix))) for meta in page
            ]
        else:
            metas = list(self._call(folder, lambda: obstore.list_with_delimiter(self._store, prefix))["objects"])
        infos = [ObjectInfo(each["path"], each["size"], each["last_modified"]) for each in metas]
        return by_key([each for each in infos if is_key(each.key)])

    def delete(self, key: str) -> None:
        """Delete an object; without such an object nothing happens."""
        check_key(key)
        self._find(key, lambda: obstore.delete(self._store, key))

    def _create(self, key: str, data: bytes) -> Any:
        """Put an object if it is new. Raises: AlreadyExistsError, also if an answer was lost and the put repeated."""
        put = obstore.put
        return self._call(key, lambda: put(self._store, key, data, mode="create", use_multipart=False), is_write=True)

    def _range(self, key: str, offset: int, length: int) -> bytes:
        try:
            return bytes(obstore.get_range(self._store, key, start=offset, length=length))
        except BaseError as error:
            if _status_of(error) == 416:  # the object ends before the range
                return b""
            raise

    def _chunks(self, info: ObjectInfo) -> Iterator[bytes]:
        for offset in range(0, info.size, _CHUNK):
            chunk = self.get_range(info.key, offset=offset, length=_CHUNK)
            if chunk is None:
                message = f"{self._place(info.key)} was deleted while it was read; try again"
                raise StoreError(message, key=self._place(info.key), reason="store_conflict")
            yield chunk

    def _find[T](self, key: str, do: Callable[[], T]) -> T | None:
        """Return the value of a call, or None if there is no such object."""
        try:
            return self._call(key, do)
        except FileNotFoundError:
            return None

    def _call[T](self, key: str, do: Callable[[], T], *, is_write: bool = False) -> T:
        """Return the value of a call, which is repeated while the store is away.

        Raises: StoreError; FileNotFoundError if there is no object; AlreadyExistsError.
        """
        wait = Wait(self._deadline_seconds)
        while True:
            try:
                return do()
            except AlreadyExistsError:
                raise
            except (BaseError, OSError) as error:
                if isinstance(error, FileNotFoundError) and _code_of(error) != "NoSuchBucket":
                    raise
                if not _is_transient(error) or wait.is_over():
                    raise self._failure(error, key, is_write=is_write) from error
            wait.pause(f"the object storage at {self.url}")

    def _failure(self, error: Exception, key: str, *, is_write: bool) -> StoreError:
        """Return the error of a call, with what to do."""
        place, status, code = self._place(key), _status_of(error), _code_of(error)
        if _ROLE_REQUEST in str(error):
            reason, advice = "store_key_missing", f"there is no key, and this machine has no role; {_GIVE_KEY}"
        elif _NO_REQUEST in str(error):
            reason, advice = "store_url", "its endpoint is not encrypted; use https, or set NEWS_ALLOW_HTTP=true"
        elif code in _ADVICE:
            reason, advice = _ADVICE[code]
        elif status is None:
            reason = "store_unreachable"
            advice = f"no answer for {self._deadline_seconds:.0f} s; start the store, or correct NEWS_OBJECTS_ENDPOINT"
        elif status in (401, 403):
            reason, advice = "store_forbidden", "the key is wrong, or has no right to do this; correct it"
        elif status == 507 or (is_write and status >= 500 and self._is_readable()):
            reason, advice = "store_full", "it can be read, but not written: its disk is full or read-only; add space"
        else:
            reason, advice = "store_refused", "the store refuses; see its log"
        said = f" ({code or 'status'} {status})" if status is not None else f" ({code})" if code else ""
        what, _, action = advice.partition("; ")
        return StoreError(f"{place}: {what}{said}; {action}", key=place, reason=reason)

    def _is_readable(self) -> bool:
        try:
            next(iter(obstore.list(self._store, chunk_size=1)), None)
        except (BaseError, OSError):
            return False
        return True

    def _place(self, key: str) -> str:
        return self.url if not key or key.startswith(_CHECKS) else f"{self.url}/{key}"


def _split_url(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    prefix = parts.path.strip("/")
    is_plain = parts.scheme == "s3" and parts.netloc and not (parts.query or parts.fragment)
    if not is_plain or not re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", parts.netloc) or not is_key(prefix or "a"):
        # A URL of another form may have a secret in it, so it is not repeated.
        message = "NEWS_OBJECTS_URL, NEWS_CATALOG_WAREHOUSE and the url of an inbox are written s3://BUCKET/PREFIX"
        raise ConfigError(message, key="s3", reason="store_url")
    return parts.netloc, prefix


def _key_options(key: BucketKey) -> dict[str, str]:
    options = {"access_key_id": key.access_key, "secret_access_key": key.secret_key}
    return options if key.token is None else {**options, "session_token": key.token}


def _is_transient(error: Exception) -> bool:
    """Return whether a repetition may succeed: there was no answer, or one that says so."""
    if _NO_REQUEST in str(error) or _ROLE_REQUEST in str(error):
        return False
    status, code = _status_of(error), _code_of(error)
    return status in _RETRIED_STATUS or (status is None and code in _RETRIED_CODES)


def _status_of(error: Exception) -> int | None:
    match = _STATUS.search(str(error))
    return int(match[1]) if match else None


def _code_of(error: Exception) -> str | None:
    match = _CODE.search(str(error))
    return (match[1] or match[2]) if match else None


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]


# Keys.


def check_key(key: str) -> str:
    """Return a key of the right form. Raises: StoreError (store_key_invalid)."""
    if not is_key(key):
        raise StoreError(
            f"{key[:200]!r} is not a key of an object; rename it", key=key[:200], reason="store_key_invalid"
        )
    return key


def is_key(key: str) -> bool:
    """Return whether a text has the form of a key."""
    try:
        segments = key.encode().split(b"/")
    except UnicodeEncodeError:
        return False
    if len(key.encode()) > KEY_MAX_BYTES or _FORBIDDEN & set(key):
        return False
    return all(segment and segment[:1] != b"." and len(segment) <= _SEGMENT_MAX_BYTES for segment in segments)


def check_range(offset: int, length: int) -> None:
    """Raises: ValueError if a range of bytes has a negative offset or length."""
    if offset < 0 or length < 0:
        raise ValueError(f"no range of bytes: offset {offset}, length {length}")


def by_key(infos: list[ObjectInfo]) -> Iterator[ObjectInfo]:
    """Yield infos by the bytes of the key. Stores differ: some sort by folder, some do not sort."""
    return iter(sorted(infos, key=lambda each: each.key.encode()))
