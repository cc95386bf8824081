class _Cache:
    def clear(self) -> None: ...

cache: _Cache
