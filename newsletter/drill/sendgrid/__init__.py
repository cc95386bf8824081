"""A SendGrid on loopback, for the drill and the tests; it shares no code with `newsletter.providers`."""
