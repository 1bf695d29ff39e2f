"""Polite HTTP client: robots.txt, rate limits, size limits, an address guard, conditional GET.

Reasons of a ``TransientFetchError`` (the page may be available later):
  http_408 http_425 http_429 http_500 ... http_599   the server's status
  timeout               no response, or no bytes for ``read_timeout_seconds``
  deadline              the page took longer than ``page_deadline_seconds`` in total
  connection_failed     refused, reset, or broken before the head was complete
  truncated             the body is shorter than announced
  dns_failed            the host name does not resolve at the moment
  tls_failed            no trusted TLS connection
  robots_unreachable    robots.txt gives 429, 5xx or no response: denied for now; the message says which
  host_backoff          the host requests a longer pause than a run waits, or failed too often
  tdm_unreachable       tdmrep.json gives 429, 5xx or no response, and reservations are obeyed

Reasons of a ``RefusedFetchError`` (the page is not available):
  http_400 ... http_499 the server's status (except 408, 425, 429); http_206, http_300, http_304 if not requested
  robots_refused        robots.txt disallows the URL
  private_address       the host's address is not public, and "host:port" is not in ``private_hosts``
  bad_url               the URL cannot be requested
  credentials_in_url    the URL contains a user name
  unsupported_scheme    neither http nor https
  https_downgrade       a redirect from https to http
  redirect_loop         a redirect to a URL already visited for this page
  redirect_limit        more redirects than ``redirects_max``
  tdm_reserved          a header, robots.txt or tdmrep.json reserves text and data mining, and this is obeyed
  rsl_license           a header or robots.txt names an RSL license, and reservations are obeyed
  too_large             more bytes on the wire or decoded than the limit
  bad_encoding          an unknown content coding, or a body that does not match its content coding
"""

from newslake.pipeline.content_encoding import BadEncodingError, TooLargeError, decode_body, gunzip, gunzip_chunks
from newslake.pipeline.fetch.fetcher import Fetcher, FetchResult, NotModified, PageRequest
from newslake.pipeline.fetch.rate_limit import FileRates
from newslake.pipeline.fetch.transport import FetchLimits, limits_from

__all__ = [
    "BadEncodingError",
    "FetchLimits",
    "FetchResult",
    "Fetcher",
    "FileRates",
    "NotModified",
    "PageRequest",
    "TooLargeError",
    "decode_body",
    "gunzip",
    "gunzip_chunks",
    "limits_from",
]
