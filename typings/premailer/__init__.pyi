from premailer import cache as cache

class Premailer:
    def __init__(
        self,
        html: str,
        *,
        strip_important: bool = ...,
        disable_validation: bool = ...,
        align_floating_images: bool = ...,
        allow_network: bool = ...,
        disable_basic_attributes: list[str] | None = ...,
        cssutils_logging_level: int | None = ...,
    ) -> None: ...
    def transform(self, html: None = ..., pretty_print: bool = ...) -> str: ...
