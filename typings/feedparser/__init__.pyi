from collections.abc import Mapping
from typing import Any, BinaryIO

class FeedParserDict(dict[str, Any]): ...

def parse(
    url_file_stream_or_string: BinaryIO,
    *,
    response_headers: Mapping[str, str] | None = None,
    resolve_relative_uris: bool | None = None,
    sanitize_html: bool | None = None,
) -> FeedParserDict: ...
