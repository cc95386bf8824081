"""Arabic, written from right to left: six plural forms, and two sets of figures by region."""

from dataclasses import replace

from newsletter.content.phrases.form import Phrases


def _plural(count: int) -> str:
    if count in {0, 1, 2}:
        return ("zero", "one", "two")[count]
    if 3 <= count % 100 <= 10:
        return "few"
    return "many" if count % 100 >= 11 else "other"


ARABIC = Phrases(
    language="ar",
    months=(
        *("يناير", "فبراير", "مارس", "أبريل", "مايو", "يونيو"),
        *("يوليو", "أغسطس", "سبتمبر", "أكتوبر", "نوفمبر", "ديسمبر"),
    ),
    weekdays=("الاثنين", "الثلاثاء", "الأربعاء", "الخميس", "الجمعة", "السبت", "الأحد"),
    full_date="{weekday}، {day} {month} {year}",
    long_date="{day} {month} {year}",
    short_date="{day} {month}",
    plural=_plural,
    posts={
        "zero": "لا منشورات",
        "one": "منشور واحد",
        "two": "منشوران",
        "few": "{n} منشورات",
        "many": "{n} منشورًا",
        "other": "{n} منشور",
    },
    cards={
        "video": ("فيديو", "شاهد"),
        "audio": ("صوت", "استمع"),
        "post": ("منشور", "اقرأ"),
        "gallery": ("معرض صور", "تصفح"),
        "document": ("مستند", "اقرأ"),
        "link": ("رابط", "افتح"),
    },
    read_on_the_web="اقرأ على الويب",
    unsubscribe="إلغاء الاشتراك",
    settings="إعداداتك",
    why="تصلك هذه الرسالة لأنك اشتركت في {name} على {host}.",
    contents="في هذه الرسالة",
    sources="المصادر",
    read_on="تابع القراءة",
    read_on_at="تابع القراءة في {source}",
    image="صورة",
    note="حاشية",
    quotes=("«", "»"),
)
ARABIC_WITH_ITS_FIGURES = replace(ARABIC, numerals="٠١٢٣٤٥٦٧٨٩")
WITH_ITS_FIGURES = tuple(
    "ar-bh ar-dj ar-eg ar-er ar-il ar-iq ar-jo ar-km ar-kw ar-lb ar-mr ar-om ar-ps ar-qa ar-sa ar-sd "  # noqa: SIM905
    "ar-so ar-ss ar-sy ar-td ar-ye".split()
)
"""Regions whose default numbering system is `arab` (CLDR 46)."""
