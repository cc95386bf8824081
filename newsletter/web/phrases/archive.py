"""The archive."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class ArchiveWords:
    """Sentences in which `{query}` is what was asked for, and `{count}` a number."""

    all_letters: str
    """The title of the index, and the link to it."""
    empty: str
    search: str
    """The label of the search field."""
    search_button: str
    hint: str
    results: str
    nothing: str
    more: str
    """Below the results, when there are more of them."""
    earlier: str
    later: str
    others: str
    """What screen readers call the links between letters."""
    subscribe: str
    feeds: str


ARCHIVE: Mapping[str, ArchiveWords] = {
    "en": ArchiveWords(
        all_letters="All letters",
        empty="No letter has been sent yet.",
        search="Search the letters",
        search_button="Search",
        hint="Letters that hold all your words; put words in “quotation marks” to keep them together.",
        results="Letters with {query}",
        nothing="No letter holds that.",
        more="Only the newest {count} are shown. Add a word to find fewer.",
        earlier="Earlier",
        later="Later",
        others="Other letters",
        subscribe="Subscribe",
        feeds="Feeds",
    ),
    "de": ArchiveWords(
        all_letters="Alle Briefe",
        empty="Es wurde noch kein Brief verschickt.",
        search="In den Briefen suchen",
        search_button="Suchen",
        hint="Briefe, in denen alle Ihre Wörter stehen; „Anführungszeichen“ halten Wörter zusammen.",
        results="Briefe mit {query}",
        nothing="In keinem Brief steht das.",
        more="Nur die neuesten {count} sind zu sehen. Mit einem weiteren Wort werden es weniger.",
        earlier="Früher",
        later="Später",
        others="Andere Briefe",
        subscribe="Abonnieren",
        feeds="Als Feed",
    ),
    "fr": ArchiveWords(
        all_letters="Toutes les lettres",
        empty="Aucune lettre n’a encore été envoyée.",
        search="Chercher dans les lettres",
        search_button="Chercher",
        hint="Les lettres qui contiennent tous vos mots ; les « guillemets » gardent des mots ensemble.",
        results="Lettres avec {query}",
        nothing="Aucune lettre ne contient cela.",
        more="Seules les {count} plus récentes sont affichées. Ajoutez un mot pour en trouver moins.",
        earlier="Précédente",
        later="Suivante",
        others="Autres lettres",
        subscribe="S’abonner",
        feeds="Flux",
    ),
    "es": ArchiveWords(
        all_letters="Todas las cartas",
        empty="Todavía no se ha enviado ninguna carta.",
        search="Buscar en las cartas",
        search_button="Buscar",
        hint="Cartas que contienen todas sus palabras; las «comillas» mantienen juntas varias palabras.",
        results="Cartas con {query}",
        nothing="Ninguna carta contiene eso.",
        more="Solo se muestran las {count} más recientes. Añada una palabra para encontrar menos.",
        earlier="Anterior",
        later="Siguiente",
        others="Otras cartas",
        subscribe="Suscribirse",
        feeds="Canales",
    ),
    "uk": ArchiveWords(
        all_letters="Усі листи",
        empty="Ще не надіслано жодного листа.",
        search="Шукати в листах",
        search_button="Шукати",
        hint="Листи, у яких є всі ваші слова; «лапки» тримають слова разом.",
        results="Листи зі словами {query}",
        nothing="У жодному листі цього немає.",
        more="Показано лише найновіші: {count}. Додайте слово, щоб знайти менше.",
        earlier="Раніше",
        later="Пізніше",
        others="Інші листи",
        subscribe="Підписатися",
        feeds="Стрічки",
    ),
    "ar": ArchiveWords(
        all_letters="كل الرسائل",
        empty="لم تُرسل أي رسالة بعد.",
        search="ابحث في الرسائل",
        search_button="ابحث",
        hint="الرسائل التي تحوي كل كلماتك؛ ضع الكلمات بين «علامتي تنصيص» لتبقى معًا.",
        results="رسائل فيها {query}",
        nothing="لا توجد رسالة تحوي ذلك.",
        more="المعروض هو الأحدث فقط ({count}). أضف كلمة لتضييق البحث.",
        earlier="السابقة",
        later="التالية",
        others="رسائل أخرى",
        subscribe="اشترك",
        feeds="الخلاصات",
    ),
    "he": ArchiveWords(
        all_letters="כל המכתבים",
        empty="עוד לא נשלח אף מכתב.",
        search="חיפוש במכתבים",
        search_button="חיפוש",
        hint="מכתבים שיש בהם את כל המילים; ”מירכאות“ שומרות על מילים יחד.",
        results="מכתבים עם {query}",
        nothing="אין מכתב שיש בו את זה.",
        more="מוצגים רק {count} החדשים ביותר. אפשר להוסיף מילה כדי לצמצם.",
        earlier="הקודם",
        later="הבא",
        others="מכתבים אחרים",
        subscribe="הרשמה",
        feeds="ערוצי עדכונים",
    ),
    "ja": ArchiveWords(
        all_letters="すべてのお便り",
        empty="まだお便りは送られていません。",
        search="お便りを検索",
        search_button="検索",
        hint="すべての言葉を含むお便りが見つかります。「かぎ括弧」で囲むと、ひと続きの言葉として探します。",
        results="{query} を含むお便り",
        nothing="その言葉を含むお便りはありません。",
        more="新しいものから{count}件だけを表示しています。言葉を足すと絞り込めます。",
        earlier="前のお便り",
        later="次のお便り",
        others="ほかのお便り",
        subscribe="購読する",
        feeds="フィード",
    ),
}
