"""English: day before month, and the American order for `en-US`."""

from dataclasses import replace

from newsletter.content.phrases.form import Phrases, one_or_other

ENGLISH = Phrases(
    language="en",
    months=(
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ),
    weekdays=("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    full_date="{weekday}, {day} {month} {year}",
    long_date="{day} {month} {year}",
    short_date="{day} {month}",
    plural=one_or_other,
    posts={"one": "{n} post", "other": "{n} posts"},
    cards={
        "video": ("Video", "Watch"),
        "audio": ("Audio", "Listen"),
        "post": ("Post", "Read"),
        "gallery": ("Gallery", "Look"),
        "document": ("Document", "Read"),
        "link": ("Link", "Open"),
    },
    read_on_the_web="Read on the web",
    unsubscribe="Unsubscribe",
    settings="Your settings",
    why="You receive this letter because you subscribed to {name} at {host}.",
    contents="In this letter",
    sources="Sources",
    read_on="Read on",
    read_on_at="Read on at {source}",
    image="Image",
    note="note",
)
AMERICAN = replace(
    ENGLISH,
    language="en-us",
    full_date="{weekday}, {month} {day}, {year}",
    long_date="{month} {day}, {year}",
    short_date="{month} {day}",
)
