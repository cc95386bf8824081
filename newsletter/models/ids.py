"""The ids: a NewType each, so that none is taken for another."""

from typing import NewType

PostId = NewType("PostId", str)
"""Identity of a post inside its source: guid, else canonical link, else a hash of title and date."""
SourceId = NewType("SourceId", str)
"""The feed's URL or the folder's path as written in the settings."""
IssueId = NewType("IssueId", str)
"""The stem of the issue file, such as `2026-11-27`."""
SubscriberId = NewType("SubscriberId", int)
DeliveryId = NewType("DeliveryId", str)
"""`<issue id>.<place in the frozen audience>`; never holds an address."""
BatchId = NewType("BatchId", int)
AttemptId = NewType("AttemptId", str)
"""128 random bits in hex, new for each request to the provider."""
