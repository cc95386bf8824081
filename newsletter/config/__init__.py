"""What the author configures: settings from newsletter.toml and the environment, and theme files."""

from newsletter.config.load import load_settings
from newsletter.config.settings import Settings, SourceSettings
from newsletter.config.theme import Theme, load_theme

__all__ = ["Settings", "SourceSettings", "Theme", "load_settings", "load_theme"]
