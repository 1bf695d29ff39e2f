"""Polite HTTP client: robots.txt, rate limits, size limits, an address guard, conditional GET.

Reasons of a ``TransientFetchError`` (the page may be available later):
  http_408 http_425 http_429 http_500 ... http_599   the server's status
  timeout               no answer, or silence longer than ``read_timeout_seconds``
  deadline              the page took longer than ``page_deadline_seconds`` in all
  connection_failed     refused, reset, or broken before the whole head was there
  truncated             the body ended before its announced end
  dns_failed            the host's name has no address now
  tls_failed            no trusted TLS connection
  robots_unreachable    robots.txt gives 429, 5xx or no answer: denied for now; the message says which
  host_backoff          the host asked for a longer pause than a run waits, or failed too often
  tdm_unreachable       tdmrep.json gives 429, 5xx or no answer, and reservations are obeyed

Reasons of a ``RefusedFetchError`` (the page is not available):
  http_400 ... http_499 the server's status (but 408, 425, 429); http_206, http_300, http_304 if not requested
  robots_refused        robots.txt disallows the URL
  private_address       the host's address is not public, and "host:port" is not in ``private_hosts``
  bad_url               not a URL that can be requested
  credentials_in_url    the URL holds a user name
  unsupported_scheme    neither http nor https
  https_downgrade       a redirect from https to http
  redirect_loop         a redirect to a URL already visited for this page
  redirect_limit        more redirects than ``redirects_max``
  tdm_reserved          header or tdmrep.json reserve text and data mining, and reservations are obeyed
  too_large             more bytes on the wire or decoded than the cap
  bad_encoding          a content coding that was not requested, or bytes that are not in it
"""

from pipeline.content_encoding import BadEncodingError, TooLargeError, decode_body, gunzip, gunzip_chunks
from pipeline.fetch.fetcher import Fetcher, FetchResult, NotModified, PageRequest
from pipeline.fetch.transport import FetchLimits, limits_from

__all__ = [
    "BadEncodingError",
    "FetchLimits",
    "FetchResult",
    "Fetcher",
    "NotModified",
    "PageRequest",
    "TooLargeError",
    "decode_body",
    "gunzip",
    "gunzip_chunks",
    "limits_from",
]
