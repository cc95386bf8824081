"""Alembic's environment and the revisions, oldest first; `newsletter db upgrade` runs them."""
