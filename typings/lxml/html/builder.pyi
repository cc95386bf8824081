from typing import Any

E: Any
