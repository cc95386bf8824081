from python_http_client.client import Client

class SendGridAPIClient:
    client: Client
    host: str
    useragent: str
    def __init__(self, api_key: str | None = ..., host: str = ...) -> None: ...
