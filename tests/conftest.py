"""What all tests share: fixtures come from the plugins in tests/support."""

import os

from hypothesis import settings

pytest_plugins = ["tests.support.databases", "tests.support.golden"]

# A busy machine is no failure, so no example has a deadline; CI looks at the same examples each
# time, so that a change is judged by what it changed.
settings.register_profile("here", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")
