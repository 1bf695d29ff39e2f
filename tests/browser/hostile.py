"""500 hostile strings, made from lists and small grammars; in the short form every fifth of them.

Each ends in its own word, so that it can be distinguished from all others on a page. Unescaped, it would open a dialog,
send a request to ``STRAY``, or hide or reorder the page around it.
"""

from collections.abc import Iterator
from itertools import islice, product
from random import Random

from tests.long_form import LONG

_ALL = 500
STRING_COUNT = _ALL if LONG else 100
STRAY = "http://stray.example"
_LENGTH = 10_000

# Endings of the contexts of a value: text, attributes, comments, elements without markup.
_OUT = (
    '">',
    "'>",
    "-->",
    "]]>",
    "</title>",
    "</style>",
    "</script>",
    "</textarea>",
    "</svg>",
    "</table>",
    "</main>",
    "</bdi></q></span>",
    "</pre></code>",
    "<!--",
    "<![CDATA[",
)
_RUNS = (
    "<script>alert(1)</script>",
    "<ScRiPt >alert(1)</sCrIpT\t>",
    "<script\n>alert(1)//",
    f"<script src={STRAY}/s.js></script>",
    "<script type=module>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<img/src='x'/onerror=alert`1`>",
    f"<img src={STRAY}/i.png srcset='{STRAY}/2.png 2x'>",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
    "<svg><set attributeName=href to=javascript:alert(1)></svg>",
    f"<svg><use href='{STRAY}/u.svg#x'/><image href='{STRAY}/v.png'/></svg>",
    "<svg><foreignObject><body onload=alert(1)></foreignObject></svg>",
    "<math><mtext><mglyph><style><img src=x onerror=alert(1)>",
    f"<iframe src={STRAY}/></iframe>",
    "<iframe srcdoc='<script>parent.alert(1)</script>'></iframe>",
    "<iframe src=javascript:alert(1)>",
    f"<object data={STRAY}/o></object>",
    f"<embed src={STRAY}/e>",
    f"<link rel=stylesheet href={STRAY}/l.css>",
    f"<link rel=prefetch href={STRAY}/p><link rel=preconnect href={STRAY}>",
    f"<base href={STRAY}/>",
    f"<meta http-equiv=refresh content='0;url={STRAY}/m'>",
    "<meta http-equiv=Content-Security-Policy content=\"default-src 'none'; style-src 'none'\">",
    f"<style>@import '{STRAY}/c.css';body{{display:none}}</style>",
    f"<style>*{{background:url({STRAY}/b.png)}}</style>",
    f"<form action={STRAY}/f><input autofocus onfocus=alert(1)><button>Send</button>",
    "<details open ontoggle=alert(1)><summary>x</summary></details>",
    "<video src=x onerror=alert(1)></video><audio src=x onerror=alert(1)>",
    f"<video poster={STRAY}/v.png><source src={STRAY}/v.mp4><track src={STRAY}/t.vtt default></video>",
    "<body onload=alert(1) onpageshow=alert(1)>",
    "<marquee onstart=alert(1)>x</marquee>",
    "<input autofocus onfocus=alert(1)>",
    "<select autofocus onfocus=alert(1)><option>x</select>",
    "<a href=javascript:alert(1) id=x tabindex=1 onfocus=alert(1)>x</a>",
    "<dialog open>over everything</dialog>",
    "<div popover id=p style='position:fixed;inset:0'>over everything</div>",
    "<div style='position:fixed;inset:0;background:red'>over everything</div>",
    "<template shadowrootmode=open><slot></slot></template>",
    "<plaintext>",
    "<xmp><listing><noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<frameset><frame src=javascript:alert(1)>",
    "<table background=javascript:alert(1)><td background=x>",
    "<isindex type=image src=x onerror=alert(1)>",
    "<x contenteditable onblur=alert(1) autofocus>x",
    "<!ENTITY x SYSTEM 'file:///etc/passwd'>&x;",
    "<?xml-stylesheet href='javascript:alert(1)'?>",
)
_QUOTES = ('"', "'", "`", "\\'", '\\"', "&quot;", "\u201d", "\uff02")
_ATTRIBUTES = (
    " onmouseover=alert(1) x=",
    " autofocus tabindex=0 onfocus=alert(1) x=",
    f" style=background:url({STRAY}/a.png) x=",
    " onerror=alert(1) src=x x=",
    f" ping={STRAY}/ping href=x ",
    f" formaction={STRAY}/form ",
)
_SCHEMES = (
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "java\tscript:alert(1)",
    "java\nscript:alert(1)",
    "\x01javascript:alert(1)",
    " javascript:alert(1)",
    "javascript://%0aalert(1)",
    "javascript&colon;alert(1)",
    "&#106;avascript:alert(1)",
    "vbscript:msgbox(1)",
    "data:text/html,<script>alert(1)</script>",
    "data:image/svg+xml,<svg onload=alert(1)>",
    "blob:null/1",
    "file:///etc/passwd",
    "view-source:about:blank",
    "chrome://settings",
    "mailto:a@b.example?subject=x",
    "//stray.example/x",
    "\\\\stray.example\\x",
    f"{STRAY}/x",
    "http:stray.example/x",
    "http://user:secret@stray.example/x",
    "http://127.0.0.1:9/x",
    "http://[::1]:9/x",
    "http://[broken",
    "https://ex\u0430mple.example/x",
    "../../../../etc/passwd",
    "%2e%2e%2f%00",
    "?a=1&b=<i>#'\"",
    "#main",
)
_STYLES = (
    f"red;background:url({STRAY}/k.png)",
    f"}}body{{display:none}}a{{background:url({STRAY}/k.png)",
    "expression(alert(1))",
    f"@import url({STRAY}/k.css);",
    "\\3c script\\3e alert(1)",
    "/*",
    "*/",
    "--ink:transparent;color:transparent",
    "var(--s1);position:fixed",
    "</style><style>main{display:none}",
)
_LANGUAGES = (
    "{{7*7}}",
    "{{ self.__init__.__globals__ }}",
    "{% for x in range(9**9) %}x{% endfor %}",
    "{# not seen #}",
    "{{ 'a' | safe }}",
    "${7*7}",
    "#{7*7}",
    "<%= 7*7 %>",
    "{0.__class__.__mro__}",
    "%s%n%x%(a)s",
    "'; DROP TABLE articles; --",
    "' OR '1'='1",
    "\"; ATTACH 'x.db'; --",
    "\\'; COPY (SELECT 1) TO 'x'; --",
    '=HYPERLINK("http://stray.example")',
    "+1+cmd|' /C calc'!A0",
    "@SUM(1)",
    "-2+3",
    "\tTab first",
    "x\r\nSet-Cookie: stray=1\r\n\r\n<script>alert(1)</script>",
    "x\nLocation: http://stray.example",
    "[bold red]not red[/bold red]",
    "[link=http://stray.example]x[/link]",
    "[x](javascript:alert(1))",
    "![x](http://stray.example/md.png)",
    "| a | b |",
    "null",
    "None",
    "undefined",
    "true",
    "NaN",
    "1e999",
    "CON",
    '{"__proto__": {"x": 1}}',
)
_ENTITIES = (
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;",
    "&#x3c;img src=x&#x3e;",
    "&#0;",
    "&#xD800;",
    "&#99999999999;",
    "&amp;amp;lt;",
    "&notit;",
    "&",
    "&#",
    "&lt",
    "<",
    ">",
    "<>",
    "< b>",
    "</",
    "<!",
    "<?",
    "\uff1cscript\uff1ealert(1)",
    "\u02bascript\u02ba",
)
_UNSEEN = (
    "\x00",
    "\x00<script>alert(1)</script>",
    "<scr\x00ipt>alert(1)</script>",
    "\x08\x08\x08",
    "\x0b\x0c",
    "\x1b[2J\x1b[31m",
    "\x1b]8;;http://stray.example\x07x",
    "\x7f",
    "\x85",
    "\x9b31m",
    "\u202egnitirw fo noitcerid",
    "\u202d\u202e\u202d",
    "\u2066\u2067\u2068",
    "\u2069\u2069\u202c\u202c",
    "\u200f\u200e",
    "\u200b\u200c\u200d\u2060",
    "\ufeff",
    "\u2028\u2029",
    "\ufffe\uffff",
    "\ufdd0",
    "\ufff9a\ufffab\ufffb",
    "\U000e0041\U000e0042",
    "\u3164\u115f",
    "\u00ad\u034f",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "\U0001f1eb\U0001f1ee",
    "\u05e9\u05dc\u05d5\u05dd alert(1)",
    "\u0645\u0631\u062d\u0628\u0627 <b>",
    "\ufdfd\ufdfa",
    "\u0628" * 40,
    "z" + "\u0300\u0315\u0489\u034f" * 60,
    "\u0e47" * 80,
    "e\u0301 \u212b \ufb01",
)
_SIZES = (
    "w" * _LENGTH,
    "long words " * (_LENGTH // 11),
    "<b>" * (_LENGTH // 3),
    "\u202e" * 500,
    "\U0001f41f" * 2_000,
    "\n" * 300,
)


def hostile_strings() -> tuple[str, ...]:
    """Return the strings, all different, always in the same order."""
    return tuple(f"{text} {word_of(at)}" for at, text in enumerate(islice(_all(), 0, _ALL, _ALL // STRING_COUNT)))


def word_of(at: int) -> str:
    """Return the word at the end of the string with this index."""
    return f"hostile{at:03}"


def _all() -> Iterator[str]:
    """Yield every list once, then markup after each ending; more strings than needed."""
    yield from (*_RUNS, *_SCHEMES, *_STYLES, *_LANGUAGES, *_ENTITIES, *_UNSEEN, *_SIZES)
    yield from (f"x{quote}{attribute}{quote}" for quote, attribute in product(_QUOTES, _ATTRIBUTES))
    yield from (f"{out}{runs}" for out, runs in Random(9).sample(list(product(_OUT, _RUNS)), _ALL))
