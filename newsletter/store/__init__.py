"""SQLAlchemy Core on SQLite or PostgreSQL: issues, subscribers and the ledger of every delivery."""
