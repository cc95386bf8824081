"""French."""

from newsletter.content.phrases.form import Phrases


def _plural(count: int) -> str:
    return "one" if count < 2 else "other"


FRENCH = Phrases(
    language="fr",
    months=(
        *("janvier", "février", "mars", "avril", "mai", "juin"),
        *("juillet", "août", "septembre", "octobre", "novembre", "décembre"),
    ),
    weekdays=("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"),
    full_date="{weekday} {day} {month} {year}",
    long_date="{day} {month} {year}",
    short_date="{day} {month}",
    first_of_month="1er",
    plural=_plural,
    posts={"one": "{n} billet", "other": "{n} billets"},
    cards={
        "video": ("Vidéo", "Regarder"),
        "audio": ("Audio", "Écouter"),
        "post": ("Message", "Lire"),
        "gallery": ("Galerie", "Regarder"),
        "document": ("Document", "Lire"),
        "link": ("Lien", "Ouvrir"),
    },
    read_on_the_web="Lire en ligne",
    unsubscribe="Se désabonner",
    settings="Vos réglages",
    why="Vous recevez cette lettre en raison de votre abonnement à {name} sur {host}.",
    contents="Dans cette lettre",
    sources="Sources",
    read_on="Lire la suite",
    read_on_at="Lire la suite sur {source}",
    image="Image",
    note="note",
    quotes=("«\u00a0", "\u00a0»"),
    colon="\u00a0:",
)
