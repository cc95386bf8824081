"""The only place that names concrete classes: Settings → App."""
