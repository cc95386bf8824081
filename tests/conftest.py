"""What all tests share: fixtures come from the plugins in tests/support."""

pytest_plugins = ["tests.support.databases", "tests.support.golden"]
