"""SendGrid's own API description as a second judge of requests, where a copy stands beside the checkout."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

DESCRIPTION = Path(__file__).parents[2].parent / "shared" / "sendgrid-openapi" / "sendgrid_merged.json"
_BODY = "urn:sendgrid#/components/requestBodies/mail_PostMailSend/content/application~1json/schema"


def is_here() -> bool:
    return DESCRIPTION.is_file()


def schema_complaints(request: Any) -> list[str]:
    """`path: message` of everything in a mail/send body that the description does not allow."""
    return [f"{error.json_path}: {error.message[:200]}" for error in _validator().iter_errors(request)]


@cache
def _validator() -> Draft202012Validator:
    resource = DRAFT202012.create_resource(json.loads(DESCRIPTION.read_text(encoding="utf-8")))
    registry: Registry[Any] = Registry().with_resource("urn:sendgrid", resource)
    return Draft202012Validator({"$ref": _BODY}, registry=registry)
