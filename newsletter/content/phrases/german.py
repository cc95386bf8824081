"""German."""

from newsletter.content.phrases.form import Phrases, one_or_other

GERMAN = Phrases(
    language="de",
    months=(
        *("Januar", "Februar", "März", "April", "Mai", "Juni"),
        *("Juli", "August", "September", "Oktober", "November", "Dezember"),
    ),
    weekdays=("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"),
    full_date="{weekday}, {day}. {month} {year}",
    long_date="{day}. {month} {year}",
    short_date="{day}. {month}",
    plural=one_or_other,
    posts={"one": "{n} Beitrag", "other": "{n} Beiträge"},
    cards={
        "video": ("Video", "Ansehen"),
        "audio": ("Audio", "Anhören"),
        "post": ("Beitrag", "Lesen"),
        "gallery": ("Galerie", "Ansehen"),
        "document": ("Dokument", "Lesen"),
        "link": ("Link", "Öffnen"),
    },
    read_on_the_web="Im Web lesen",
    unsubscribe="Abbestellen",
    settings="Ihre Einstellungen",
    why="Sie erhalten diesen Brief, weil Sie {name} auf {host} abonniert haben.",
    contents="In diesem Brief",
    sources="Quellen",
    read_on="Weiterlesen",
    read_on_at="Weiterlesen bei {source}",
    image="Bild",
    note="Anm.",
    quotes=("„", "“"),
)
