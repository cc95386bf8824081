"""Ukrainian: months in the genitive, three plural forms."""

from newsletter.content.phrases.form import Phrases


def _plural(count: int) -> str:
    if count % 10 == 1 and count % 100 != 11:
        return "one"
    return "few" if count % 10 in {2, 3, 4} and count % 100 not in {12, 13, 14} else "many"


UKRAINIAN = Phrases(
    language="uk",
    months=(
        *("січня", "лютого", "березня", "квітня", "травня", "червня"),
        *("липня", "серпня", "вересня", "жовтня", "листопада", "грудня"),
    ),
    weekdays=("понеділок", "вівторок", "середа", "четвер", "пʼятниця", "субота", "неділя"),
    full_date="{weekday}, {day} {month} {year} р.",
    long_date="{day} {month} {year} р.",
    short_date="{day} {month}",
    plural=_plural,
    posts={"one": "{n} допис", "few": "{n} дописи", "many": "{n} дописів"},
    cards={
        "video": ("Відео", "Дивитися"),
        "audio": ("Аудіо", "Слухати"),
        "post": ("Допис", "Читати"),
        "gallery": ("Галерея", "Переглянути"),
        "document": ("Документ", "Читати"),
        "link": ("Посилання", "Відкрити"),
    },
    read_on_the_web="Читати на сайті",
    unsubscribe="Відписатися",
    settings="Ваші налаштування",
    why="Ви отримали цей лист, бо підписалися на {name} на {host}.",
    contents="У цьому листі",
    sources="Джерела",
    read_on="Читати далі",
    read_on_at="Читати далі: {source}",
    image="Зображення",
    note="прим.",
    quotes=("«", "»"),
)
