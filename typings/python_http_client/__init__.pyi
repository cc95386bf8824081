from python_http_client.client import Client as Client
