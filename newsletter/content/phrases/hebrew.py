"""Hebrew, written from right to left."""

from newsletter.content.phrases.form import Phrases


def _plural(count: int) -> str:
    return {1: "one", 2: "two"}.get(count, "other")


HEBREW = Phrases(
    language="he",
    months=(
        *("ינואר", "פברואר", "מרץ", "אפריל", "מאי", "יוני"),
        *("יולי", "אוגוסט", "ספטמבר", "אוקטובר", "נובמבר", "דצמבר"),
    ),
    weekdays=("יום שני", "יום שלישי", "יום רביעי", "יום חמישי", "יום שישי", "יום שבת", "יום ראשון"),
    full_date="{weekday}, {day} ב{month} {year}",
    long_date="{day} ב{month} {year}",
    short_date="{day} ב{month}",
    plural=_plural,
    posts={"one": "פוסט אחד", "two": "שני פוסטים", "other": "{n} פוסטים"},
    cards={
        "video": ("סרטון", "לצפייה"),
        "audio": ("שמע", "להאזנה"),
        "post": ("פוסט", "לקריאה"),
        "gallery": ("גלריה", "לצפייה"),
        "document": ("מסמך", "לקריאה"),
        "link": ("קישור", "לפתיחה"),
    },
    read_on_the_web="לקריאה באתר",
    unsubscribe="הסרה מרשימת התפוצה",
    settings="ההגדרות שלך",
    why="קיבלת את המכתב הזה כי נרשמת אל {name} באתר {host}.",
    contents="במכתב הזה",
    sources="מקורות",
    read_on="להמשך הקריאה",
    read_on_at="להמשך הקריאה אצל {source}",
    image="תמונה",
    note="הערה",
    quotes=("”", "”"),
)
